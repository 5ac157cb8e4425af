import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { sendJson, startLoopback } from '../unit/dialects/signaling/loopback-server.ts';
import { newSigner } from '../unit/dialects/signaling/signer.ts';
import { startMessage } from '../support/signaling-callbacks.ts';
import { message, startScene } from '../support/signaling-scene.ts';
import { waitUntil } from '../support/wait-until.ts';

const profile = 'https://w3id.org/dspace-sig/profile/http-pull';
const content = 'hello from the worker: ä ö ü €\n';

/** A consumer with a DID of its own, whose document this process serves. */
async function startClient(t: TestContext) {
  const state = { document: {} };
  const server = await startLoopback(t, (res) => sendJson(res, state.document));
  const did = `did:web:${encodeURIComponent(new URL(server.url).host)}`;
  const signer = await newSigner(`${did}#key-1`);
  state.document = { id: did, verificationMethod: [{ id: '#key-1', publicKeyJwk: signer.jwk }] };
  return { did, signer };
}

type Client = Awaited<ReturnType<typeof startClient>>;
interface Address {
  endpoint: string;
  endpointProperties?: { name: string; value: string }[];
}

function readRenewable({ endpoint, endpointProperties = [] }: Address) {
  const properties = new Map(endpointProperties.map(({ name, value }) => [name, value]));
  function read(name: string): string {
    return properties.get(name) ?? assert.fail(`no ${name}`);
  }
  return {
    endpoint,
    authType: read('authType'),
    token: read('authorization'),
    refreshToken: read('refreshToken'),
    refreshEndpoint: read('refreshEndpoint'),
    expiresIn: read('expiresIn'),
  };
}

type Renewable = ReturnType<typeof readRenewable>;

async function pull({ endpoint }: Renewable, token?: string) {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(endpoint, { headers });
  return {
    status: response.status,
    text: await response.text(),
    asks: response.headers.get('www-authenticate'),
  };
}

async function renew(
  { did, signer }: Client,
  address: Renewable,
  { claims = {}, refreshToken = address.refreshToken }: { claims?: object; refreshToken?: string } = {},
) {
  const iat = Math.floor(Date.now() / 1000);
  const own = { iss: did, sub: did, aud: 'did:web:provider', token: address.token, iat, exp: iat + 60 };
  const token = await signer.sign({ ...own, jti: randomUUID(), ...claims });
  const response = await fetch(address.refreshEndpoint, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }),
  });
  const body = (await response.json()) as Record<string, unknown>;
  return { status: response.status, body, outcome: [response.status, body['error']] };
}

function startRenewable(did: string, members: object = {}) {
  return startMessage({ profile, participantId: 'did:web:provider', counterPartyId: did, ...members });
}

test('a consumer pulls, renews its token and pulls again, until the transfer is suspended or ends', async (t) => {
  const client = await startClient(t);
  const { controlPlane, send } = await startScene(t, { didWeb: 'http' });
  const start = startRenewable(client.did);
  const { processId } = start;
  await send('start', start);
  await waitUntil('started is delivered', () => controlPlane.callbacks.length > 0);
  const [started] = controlPlane.callbacks;
  const address = readRenewable(started?.body.dataAddress ?? assert.fail('no address'));
  assert.deepEqual([address.authType, address.expiresIn], ['bearer', '300']);
  assert.ok(!address.endpoint.includes(address.token));

  assert.deepEqual(await pull(address, address.token), { status: 200, text: content, asks: null });
  const missing = await pull(address);
  assert.deepEqual([missing.status, missing.asks], [401, 'Bearer']);
  const wrong = await pull(address, address.refreshToken);
  assert.deepEqual([wrong.status, wrong.asks], [401, 'Bearer error="invalid_token"']);

  const renewed = await renew(client, address);
  const { access_token: token, token_type: type, expires_in: seconds } = renewed.body;
  assert.deepEqual([renewed.status, type, seconds], [200, 'bearer', 300]);
  assert.notEqual(token, address.token);
  assert.equal((await pull(address, String(token))).text, content);

  const stranger = await startClient(t);
  const jti = randomUUID();
  assert.equal((await renew(client, address, { claims: { jti } })).status, 200);
  const refusals: [string, Promise<{ outcome: unknown[] }>, unknown[]][] = [
    ['an unknown refresh token', renew(client, address, { refreshToken: 'unknown' }), [400, 'invalid_grant']],
    ['an access token', renew(client, address, { refreshToken: address.token }), [400, 'invalid_grant']],
    ['a wrong aud', renew(client, address, { claims: { aud: 'did:web:other' } }), [401, 'invalid_client']],
    ['a wrong token', renew(client, address, { claims: { token: 'other' } }), [401, 'invalid_client']],
    ['an old token', renew(client, address, { claims: { exp: 1 } }), [401, 'invalid_client']],
    ['another DID', renew(stranger, address), [401, 'invalid_client']],
    ['another key', renew({ ...stranger, did: client.did }, address), [401, 'invalid_client']],
    ['a repeated jti', renew(client, address, { claims: { jti } }), [401, 'invalid_client']],
  ];
  for (const [name, refusal, expected] of refusals) assert.deepEqual((await refusal).outcome, expected, name);

  await send(`${processId}/suspend`, message());
  assert.equal((await pull(address, address.token)).status, 403);
  assert.deepEqual((await renew(client, address)).outcome, [400, 'invalid_grant']);
  const resumed = await send(`${processId}/resume`, message());
  const again = readRenewable(resumed.body.dataAddress ?? assert.fail('no address'));
  assert.deepEqual([again.endpoint, again.refreshToken], [address.endpoint, address.refreshToken]);
  assert.equal((await pull(again, again.token)).status, 200);
  await send(`${processId}/completed`);
  assert.equal((await pull(again, again.token)).status, 410);
  assert.deepEqual((await renew(client, address)).outcome, [400, 'invalid_grant']);
});

test('an access token expires, and is renewed before the results exist', async (t) => {
  const client = await startClient(t);
  const { send } = await startScene(
    t,
    { didWeb: 'http' },
    { env: { EDC_JP_RESULTS_ACCESS_TOKEN_SECONDS: '1' } },
  );
  const start = startRenewable(client.did, { datasetId: 'gated-at-once' });
  const first = await send('start', start);
  const address = readRenewable(first.body.dataAddress ?? assert.fail('no address'));
  assert.equal(address.expiresIn, '1');
  const refused = await waitUntil('the token expires', async () => {
    const answer = await pull(address, address.token);
    return answer.status === 401 && answer;
  });
  assert.equal(refused.asks, 'Bearer error="invalid_token"');
  const renewed = await renew(client, address);
  assert.deepEqual([renewed.status, renewed.body['expires_in']], [200, 1]);
});

test('a consumer without a did:web gets a token that lasts, and cannot renew it', async (t) => {
  const { send } = await startScene(t);
  const start = startRenewable('BPNL000000000001', { datasetId: 'gated-at-once' });
  const { body } = await send('start', start);
  const properties = body.dataAddress?.endpointProperties?.map(({ name }) => name);
  assert.deepEqual(properties, ['authorization', 'authType']);
  assert.deepEqual((await send('start', start)).body, body, 'the same message gets the same token');
});
