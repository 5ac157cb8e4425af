import { fixtures, type ConformanceTest } from './conformance-test.ts';

/** Settings of a run, from the names of the public kit and our own. */
export interface RunSettings {
  target: string;
  authorization?: string | undefined;
  /** Where the data plane calls back, without a path. */
  callbackAddress: string;
  participantId: string;
  counterPartyId: string;
  waitMillis: number;
  /** Values of the settings whose names start with `X_`. */
  own: Partial<Record<OwnName, string>>;
}

const kit = {
  'dataspacetck.callback.address':
    'where the data plane calls back, without a path (default: http://localhost:PORT)',
  'dataspacetck.host': 'address on which the callback server listens (default: 127.0.0.1)',
  'dataspacetck.dps.dataplane.provider.id':
    'participantId of the messages, and audience of the token that renews (default: tck-participant)',
  'dataspacetck.dps.dataplane.counterparty.id':
    "counterPartyId of the messages (default: the client's DID, did:web of the callback address)",
  'dataspacetck.dps.default.wait': 'seconds until a state or callback must have come (default: 15)',
} as const;

const own = {
  X_AUTHORIZATION_EXPIRED: 'Authorization header with an expired token of the control plane',
  X_AUTHORIZATION_WRONG_AUDIENCE: 'Authorization header with a token for another data plane',
  X_AUTHORIZATION_OTHER: 'Authorization header of another control plane that the data plane knows',
  X_TARGET_WRONG_TOKEN: 'the target with a wrong token, for data planes that have the token in the path',
  X_UNSUPPORTED_PROFILE: 'a profile that the data plane does not support (default: unsupported-profile)',
} as const;
export type OwnName = keyof typeof own;

const fields = ['AGREEMENTID', 'DATASETID', 'PROFILE'] as const;
type Field = (typeof fields)[number];

/** The names of settings with what they are, except those of one test. */
export const settingNames: Readonly<Record<string, string>> = { ...kit, ...own };

/** Settings by name, as given. */
export type GivenSettings = Readonly<Record<string, string>>;

export interface FlowNames {
  agreementId: string;
  datasetId: string;
  profile: string;
}

/**
 * The names that a test's messages carry. A setting for the test (`DP_P_PULL_04_01_DATASETID`) wins over one for its fixture
 * (`ASYNC_DATASETID`). Agreement and dataset have by default the name of the fixture; for `sync` they are random, as in the public kit.
 */
export function readFlowNames(
  test: ConformanceTest,
  given: GivenSettings,
  randomId: () => string,
): FlowNames {
  const ofTest = settingPrefix(test.id);
  const ofFixture = test.fixture.toUpperCase();
  function valueOf(field: Field): string | undefined {
    return given[`${ofTest}_${field}`] ?? given[`${ofFixture}_${field}`];
  }
  function defaultId(): string {
    return test.fixture === 'sync' ? randomId() : test.fixture;
  }
  const direction = test.kind.endsWith('pull') ? 'http-pull' : 'http-push';
  return {
    agreementId: valueOf('AGREEMENTID') ?? defaultId(),
    datasetId: valueOf('DATASETID') ?? defaultId(),
    // A fixture's profile is not that of an HTTP profile's test.
    profile: given[`${ofTest}_PROFILE`] ?? test.profile ?? valueOf('PROFILE') ?? direction,
  };
}

export function readRunSettings(
  given: GivenSettings,
  {
    target,
    authorization,
    callbackAddress,
    clientDid,
  }: {
    target: string;
    authorization: string | undefined;
    callbackAddress: string;
    clientDid: string;
  },
): RunSettings {
  const wait = given['dataspacetck.dps.default.wait'] ?? '15';
  if (!/^\d+$/.test(wait) || wait === '0')
    throw new Error(`dataspacetck.dps.default.wait: expected a number of seconds, received ${wait}`);
  return {
    target,
    authorization,
    callbackAddress,
    participantId: given['dataspacetck.dps.dataplane.provider.id'] ?? 'tck-participant',
    counterPartyId: given['dataspacetck.dps.dataplane.counterparty.id'] ?? clientDid,
    waitMillis: Number(wait) * 1000,
    own: Object.fromEntries(Object.entries(given).filter(([name]) => name in own)),
  };
}

/** The callback address that is configured, without a slash at its end. It has no path, since callbacks are found by their whole path. */
export function readCallbackAddress(given: GivenSettings, port: number): string {
  const address = given['dataspacetck.callback.address'] ?? `http://localhost:${port}`;
  if (!URL.canParse(address) || new URL(address).pathname !== '/')
    throw new Error(`dataspacetck.callback.address: expected a URL without a path, received ${address}`);
  return new URL(address).origin;
}

/** Throws for a name that no test reads: it would be a misspelt one. */
export function checkSettingNames(given: GivenSettings, tests: readonly ConformanceTest[]): void {
  const prefixes = [
    ...tests.map(({ id }) => settingPrefix(id)),
    ...fixtures.map((name) => name.toUpperCase()),
  ];
  const known = new Set([
    ...Object.keys(settingNames),
    ...prefixes.flatMap((prefix) => fields.map((field) => `${prefix}_${field}`)),
  ]);
  const unknown = Object.keys(given).find((name) => !known.has(name));
  if (unknown !== undefined)
    throw new Error(
      `${unknown}: expected ${Object.keys(settingNames).join(', ')}, or the id of a test or a fixture with _${fields.join(', _')}`,
    );
}

/** As the public kit forms it from the name of a test: `DP_P_PULL:04-01` has `DP_P_PULL_04_01`. */
function settingPrefix(id: string): string {
  return id.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_');
}
