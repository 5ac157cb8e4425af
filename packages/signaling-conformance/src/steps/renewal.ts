import { randomUUID } from 'node:crypto';
import type { Step, TestRun } from '../conformance-test.ts';
import { exchange, type PlaneAnswer } from '../data-plane-client.ts';
import { fail, isObject } from '../failure.ts';
import { httpPull } from '../protocol.ts';
import { expectSuccess } from './messages.ts';

/** Where the address of the public kit points to; nothing has to be there. */
const provider = 'https://provider.example.com';

/** A consumer gets this with `started`; its properties have no `@type`, as the public kit sends them. */
export function providerAddress({ renewable }: { renewable: boolean }): Record<string, unknown> {
  const bearer = { authorization: randomUUID(), authType: 'bearer' };
  const renewal = {
    refreshToken: randomUUID(),
    expiresIn: '300',
    refreshEndpoint: `${provider}/authorization/refresh`,
  };
  const properties = Object.entries({ ...bearer, ...(renewable ? renewal : {}) });
  return {
    '@type': 'DataAddress',
    endpointType: httpPull,
    endpoint: `${provider}/data/${randomUUID()}`,
    endpointProperties: properties.map(([name, value]) => ({ name, value })),
  };
}

/** The address that `start` was answered with can be renewed. */
export function checkRenewable(run: TestRun): void {
  const { address, properties } = readAddress(run);
  const faults = [
    address['endpointType'] === httpPull ? [] : [`endpointType ${httpPull}`],
    isWeb(address['endpoint']) ? [] : ['an endpoint of http or https'],
    properties.get('authType') === 'bearer' ? [] : ['authType bearer'],
    ...['authorization', 'refreshToken'].map((name) => (isFilled(properties.get(name)) ? [] : [name])),
    /^\d+$/.test(String(properties.get('expiresIn'))) ? [] : ['expiresIn as a number of seconds'],
    isWeb(properties.get('refreshEndpoint')) ? [] : ['a refreshEndpoint of http or https'],
  ].flat();
  if (faults.length > 0) fail(`start: expected a dataAddress with ${faults.join(', ')}`);
}

/** The client gets another access token. */
export async function renew(run: TestRun): Promise<void> {
  const answer = await askForToken(run, {});
  expectSuccess('renewal', answer);
  const { access_token: token, token_type: type } = isObject(answer.body) ? answer.body : {};
  const { properties } = readAddress(run);
  if (!isFilled(token) || token === properties.get('authorization'))
    fail('renewal: expected another access_token');
  if (type === undefined || type === null) fail('renewal: expected a token_type');
}

/** A renewal with this fault gets no token. */
export function refuseRenewal(fault: Partial<Renewal>): Step {
  return async (run) => {
    const answer = await askForToken(run, fault);
    if (answer.status >= 200 && answer.status <= 299)
      fail(
        `renewal with a wrong ${Object.keys(fault).join()}: expected a refusal, received ${answer.status}`,
      );
  };
}

interface Renewal {
  refreshToken: string;
  audience: string;
}

async function askForToken(run: TestRun, fault: Partial<Renewal>): Promise<PlaneAnswer> {
  const { properties } = readAddress(run);
  const [refreshToken, accessToken, endpoint] = ['refreshToken', 'authorization', 'refreshEndpoint'].map(
    (name) => properties.get(name) ?? fail(`start: expected a dataAddress with ${name}`),
  ) as [string, string, string];
  const token = run.client.authenticate({
    audience: fault.audience ?? run.settings.participantId,
    accessToken,
    nowMillis: Date.now(),
  });
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: fault.refreshToken ?? refreshToken,
  });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/x-www-form-urlencoded' };
  const init = { method: 'POST', headers, body: form.toString() };
  return await exchange(endpoint, init, { timeoutMillis: run.settings.waitMillis, signal: run.signal });
}

function readAddress({ creation }: TestRun): {
  address: Record<string, unknown>;
  properties: Map<unknown, string>;
} {
  const body = creation?.answer.body;
  const address = isObject(body) ? body['dataAddress'] : undefined;
  if (!isObject(address)) fail('start: expected a dataAddress');
  const list: unknown = address['endpointProperties'];
  const properties = (Array.isArray(list) ? list : [])
    .filter(isObject)
    .map(({ name, value }): [unknown, string] => [name, typeof value === 'string' ? value : '']);
  return { address, properties: new Map(properties) };
}

function isWeb(value: unknown): boolean {
  return typeof value === 'string' && /^https?:\/\/./.test(value);
}

function isFilled(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '';
}
