import { randomUUID } from 'node:crypto';
import { secretName } from '../../config/read-secrets.ts';
import type { DeliveryAnswer } from '../../reconciler/types.ts';
import type { Answer, Message } from '../deliver-message.ts';
import type { CalledBack, ConnectorCall, ProbeResult } from '../dialect.ts';
import { describeAnswer } from './describe-answer.ts';
import { managementAccess, sendWithAccess, type Access } from './management-access.ts';
import { buildTransferQuery, transferQueryUrl, type ManagementApi } from './management-messages.ts';
import { readTransfers } from './poll-transfers.ts';
import type { ManagementOauth2 } from './settings.ts';

/** The addresses of one connector, and how each is called. */
export interface EdcProbe {
  call: ConnectorCall<CalledBack>;
  /** Absent: the dialect checks its callbacks itself. */
  callback?: CallbackProbe;
  management: ManagementProbe | { skipped: string };
}

/** A callback for a transfer that does not exist: the connector answers that it does not know it. */
interface CallbackProbe {
  url: string;
  body: object;
  access: Access;
  classify: (answer: Answer) => DeliveryAnswer;
}

export interface ManagementProbe {
  api: ManagementApi;
  access: Access;
  /** Those that the setting may name. */
  versions: readonly ManagementApi['managementVersion'][];
  /** Variable of its key. */
  variable: 'KEY' | 'MANAGEMENT_KEY';
}

/** An id that no transfer has. */
export function unknownId(): string {
  return `check-${randomUUID()}`;
}

/** The management API of a connector that can be used without one. */
export function optionalManagement(
  call: ConnectorCall<{
    managementUrl?: string;
    managementVersion: ManagementApi['managementVersion'];
    managementOauth2?: ManagementOauth2;
  }>,
): EdcProbe['management'] {
  const { connector, managementKey } = call;
  const { managementUrl, managementVersion } = connector;
  if (managementUrl === undefined)
    return { skipped: 'managementUrl is not set: a transfer that ends is not noticed' };
  return {
    api: { managementUrl, managementVersion },
    access: managementAccess(connector, managementKey, call),
    versions: ['v3', 'v4'],
    variable: 'MANAGEMENT_KEY',
  };
}

/** Checks the token endpoint first, since the others need its token. */
export async function probeEdc(probe: EdcProbe, signal: AbortSignal): Promise<ProbeResult[]> {
  const { call, callback, management } = probe;
  const token = 'skipped' in management ? [] : await probeToken(call, management.access, signal);
  const hasToken = token.every(({ result }) => result === 'passed');
  const others = [
    ...(callback === undefined ? [] : [callbackResult({ call, callback }, hasToken, signal)]),
    managementResult(probe, hasToken, signal),
  ];
  return [...token, ...(await Promise.all(others))];
}

async function callbackResult(
  probe: WithCallback,
  hasToken: boolean,
  signal: AbortSignal,
): Promise<ProbeResult> {
  if (!hasToken && probe.callback.access.oauth2 !== undefined)
    return skipped('callback', 'there is no token');
  return await probeCallback(probe, signal);
}

async function managementResult(
  { call, management }: EdcProbe,
  hasToken: boolean,
  signal: AbortSignal,
): Promise<ProbeResult> {
  if ('skipped' in management) return skipped('management', management.skipped);
  if (!hasToken) return skipped('management', 'there is no token');
  return await probeManagement(call, management, signal);
}

function skipped(check: string, detail: string): ProbeResult {
  return { check, result: 'skipped', detail };
}

async function probeToken(
  call: ConnectorCall<CalledBack>,
  { oauth2 }: Access,
  signal: AbortSignal,
): Promise<ProbeResult[]> {
  if (oauth2 === undefined) return [];
  const { client, accessTokens } = oauth2;
  const checked = { check: 'token', address: client.tokenEndpoint };
  const got = await accessTokens.get(client, call, signal);
  if ('token' in got) return [{ ...checked, result: 'passed', detail: 'gives a token' }];
  const secret = secretName(call.connector, 'MANAGEMENT_CLIENT_SECRET');
  const advice =
    adviceOnReaching(got.problem) ?? `check managementOauth2 of the connector, and the secret ${secret}`;
  return [{ ...checked, result: 'failed', detail: got.problem, advice }];
}

interface WithCallback {
  call: ConnectorCall<CalledBack>;
  callback: CallbackProbe;
}

async function probeCallback({ call, callback }: WithCallback, signal: AbortSignal): Promise<ProbeResult> {
  const { url, body, access, classify } = callback;
  const { connector } = call;
  const checked = { check: 'callback', address: connector.callbackPrefix };
  const answer = await sendWithAccess(messageOf(call, { url, body }), access, signal);
  const refused = judgeRefusal(answer, access, secretName(connector, 'KEY'));
  if (refused !== undefined) return { ...checked, ...refused };
  const { result } = classify(answer);
  if (result === 'obsolete' || result === 'delivered')
    return { ...checked, result: 'passed', detail: `answers, and ${describeAccess(access)}` };
  return {
    ...checked,
    result: 'failed',
    detail: describe(answer),
    advice: 'callbackPrefix must be the address that the connector sends as callbackAddress',
  };
}

async function probeManagement(
  call: ConnectorCall<CalledBack>,
  { api, access, versions, variable }: ManagementProbe,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const answers = await Promise.all(
    versions.map(async (version) => ({ version, answer: await query(version) })),
  );
  function query(managementVersion: ManagementApi['managementVersion']): Promise<Answer> {
    const url = transferQueryUrl({ ...api, managementVersion });
    const body = buildTransferQuery(managementVersion, [unknownId()]);
    return sendWithAccess(messageOf(call, { url, body }), access, signal);
  }
  const checked = { check: 'management', address: api.managementUrl };
  const answer = answers.find(({ version }) => version === api.managementVersion)?.answer;
  if (answer === undefined) return { ...checked, result: 'skipped', detail: 'no version is configured' };
  const refused = judgeRefusal(answer, access, secretName(call.connector, variable));
  if (refused !== undefined) return { ...checked, ...refused };
  const working = answers
    .filter((one) => 'states' in readTransfers(one.answer))
    .map(({ version }) => version);
  const list = working.join(' and ');
  if (working.includes(api.managementVersion))
    return { ...checked, result: 'passed', detail: `${list} answers, and ${describeAccess(access)}` };
  const [other] = working.slice(-1);
  const advice =
    other === undefined
      ? 'managementUrl must be the base of the management API, without the version'
      : `set managementVersion: ${other}`;
  const detail = `${api.managementVersion} ${describe(answer)}${other === undefined ? '' : `, but ${list} answers`}`;
  return { ...checked, result: 'failed', detail, advice };
}

function messageOf(
  { timeoutMillis, dispatcher }: ConnectorCall<CalledBack>,
  sent: { url: string; body: object },
): Omit<Message, 'headers'> {
  return { ...sent, timeoutMillis, dispatcher };
}

export type Judgement = Pick<ProbeResult, 'result' | 'detail' | 'advice'>;

/** A connector that does not answer. */
export function unreached(problem: string): Judgement {
  const advice = adviceOnReaching(problem) ?? 'is it the connector’s address, as this machine reaches it?';
  return { result: 'failed', detail: `did not answer: ${problem}`, advice };
}

/** A connector that does not answer, or refuses the credentials; undefined for another answer. */
function judgeRefusal(answer: Answer, access: Access, secret: string): Judgement | undefined {
  if (answer.got === 'nothing') return unreached(answer.problem);
  if (answer.status !== 401 && answer.status !== 403) return undefined;
  const advice =
    access.oauth2 === undefined
      ? `set ${secret} to the key that the connector has there${access.key === undefined ? ': none is set' : ''}`
      : 'the connector must trust the issuer of the token, and expect its audience and scope';
  return { result: 'failed', detail: `refuses the ${nameOf(access)} (${answer.status})`, advice };
}

function nameOf({ oauth2, key }: Access): string {
  if (oauth2 !== undefined) return 'token';
  return key === undefined ? 'request without a key' : 'key';
}

function describeAccess(access: Access): string {
  const isBare = access.oauth2 === undefined && access.key === undefined;
  return isBare ? 'asks for no key' : `accepts the ${nameOf(access)}`;
}

function describe(answer: Answer): string {
  return answer.got === 'nothing' ? `did not answer: ${answer.problem}` : describeAnswer(answer);
}

const causes: [RegExp, string][] = [
  [/ENOTFOUND|EAI_/, 'check the host name: this machine cannot resolve it'],
  [/ECONNREFUSED/, 'nothing listens there: is the connector running, and is the port right?'],
  [/CERT|certificate|SIGNED|UNABLE_TO_/, 'trust its certificate authority: NODE_EXTRA_CA_CERTS=<file>'],
  [
    /EPROTO|SSL|TLS|HTTPParserError|HPE_/,
    'https:// and http:// are different: which one does the connector listen with?',
  ],
  [
    /TIMEOUT|no whole answer|EHOSTUNREACH|ENETUNREACH/,
    'a firewall or a network policy may drop the requests',
  ],
];

export function adviceOnReaching(problem: string): string | undefined {
  return causes.find(([pattern]) => pattern.test(problem))?.[1];
}
