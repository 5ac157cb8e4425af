import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { startSignalingSimulator } from 'connector-simulator';
import { startMessage } from '../support/signaling-callbacks.ts';
import { message, startScene } from '../support/signaling-scene.ts';
import { waitUntil } from '../support/wait-until.ts';
import { sendJson, startLoopback } from '../unit/dialects/signaling/loopback-server.ts';
import { newSigner, type Claims, type Signer } from '../unit/dialects/signaling/signer.ts';

function sign(signer: Signer, claims: Claims = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return signer.sign({ iss: 'edc', sub: 'edc', aud: 'jobs', iat: now, exp: now + 300, ...claims });
}

/** A control plane with its own keys, token endpoint and endpoint of callbacks, the first of which gets 401. */
async function startControlPlane(t: TestContext) {
  const signer = await newSigner('key');
  let refusals = 1;
  let tokens = 0;
  const server = await startLoopback(t, (res, { path }) => {
    if (path === '/jwks') return sendJson(res, { keys: [signer.jwk] });
    if (path === '/token') return sendJson(res, { access_token: `access-${(tokens += 1)}`, expires_in: 300 });
    return res.writeHead(refusals-- > 0 ? 401 : 200).end();
  });
  const { url } = server;
  const authorization = {
    type: 'oauth2_client_credentials',
    tokenEndpoint: `${url}/token`,
    clientId: 'jobs',
    jwksUri: `${url}/jwks`,
  };
  const members = { dataplaneId: 'jobs', controlPlane: { id: 'edc', endpoint: `${url}/api`, authorization } };
  const env = { CONNECTOR_SIGNALING_CONTROL_PLANE_CLIENT_SECRET: 'secret-of-the-client' };
  return { signer, server, authorization, members, env };
}

test('a flow needs tokens of the control plane that has created it, and its callback carries one', async (t) => {
  const { signer, server, authorization, members, env } = await startControlPlane(t);
  const { world, send, state, base, controlPlane: others } = await startScene(t, members, { env });
  const start = startMessage();
  const { processId } = start;
  const stranger = await newSigner('key');
  const wrong = {
    missing: undefined,
    expired: await sign(signer, { exp: 1 }),
    'for another audience': await sign(signer, { aud: 'another' }),
    'of an unknown control plane': await sign(signer, { sub: 'another' }),
    'by another key': await sign(stranger),
  };
  for (const [name, token] of Object.entries(wrong))
    assert.equal((await send('start', start, token)).status, 401, name);
  assert.deepEqual(await world.namespace.jobs(), []);

  const right = await sign(signer);
  assert.equal((await send('start', start, right)).status, 202);
  const registration = {
    controlplaneId: 'second',
    endpoint: `${others.url}/second`,
    authorization: {
      ...authorization,
      clientSecret: 'secret-of-the-second',
      jwksUri: undefined,
      jwks: { keys: [stranger.jwk] },
    },
  };
  const put = await fetch(`${base}/controlplanes`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(registration),
  });
  assert.equal(put.status, 200, await put.text());
  const second = await sign(stranger, { iss: 'second', sub: 'second' });
  assert.equal((await send('start', start, second)).status, 404);
  for (const path of ['suspend', 'resume', 'terminate', 'completed'])
    assert.equal((await send(`${processId}/${path}`, message(), second)).status, 404, path);
  assert.equal(await state(processId, second), undefined);
  assert.equal((await send(`${processId}/terminate`, message())).status, 401);

  function callbacks() {
    return server.requests.filter(({ path }) => path.startsWith('/api/'));
  }
  await waitUntil('started is taken after one refusal', () => callbacks().length === 2);
  assert.deepEqual(
    callbacks().map(({ path, headers }) => [path, headers.authorization]),
    ['access-1', 'access-2'].map((token) => [
      `/api/transfers/${processId}/dataflow/started`,
      `Bearer ${token}`,
    ]),
  );
  assert.equal(await state(processId, right), 'STARTED');

  const own = startMessage();
  assert.equal((await send('start', own, second)).status, 202);
  await waitUntil('the second one is called back', () => others.callbacks.length > 0);
  assert.deepEqual(
    others.callbacks.map(({ path, authorization: sent }) => [path, sent]),
    [[`/second/transfers/${own.processId}/dataflow/started`, 'Bearer access-3']],
  );
  const log = world.service.log.join('\n');
  for (const secret of ['secret-of-the-client', 'secret-of-the-second', 'access-1', 'access-3', right])
    assert.ok(!log.includes(secret), `${secret} is in the log`);
});

test('a data plane registers itself, and again when the control plane has forgotten it', async (t) => {
  const managementKey = 'key-of-the-management-api';
  const simulator = await startSignalingSimulator({ release: '0.18.0-signaling', managementKey });
  t.after(() => simulator.stop());
  const url = `${simulator.managementUrl}/v4/dataplanes`;
  const registration = { url, renewSeconds: 10, labels: ['jobs'] };
  const { base, world } = await startScene(
    t,
    { dataplaneId: 'jobs', registration },
    { env: { CONNECTOR_SIGNALING_MANAGEMENT_KEY: managementKey } },
  );
  const token = base.split('/').at(-1);
  const [plane] = await waitUntil('it is registered', () => {
    const planes = simulator.dataPlanes();
    return planes.length > 0 && planes;
  });
  assert.deepEqual([plane?.dataplaneId, plane?.transferTypes], ['jobs', ['HttpData-PULL']]);
  assert.match(plane?.endpoint ?? '', new RegExp(`/connectors/signaling/${token}/dataflows$`));
  async function get(path: string): Promise<string> {
    return await (await fetch(`${world.service.url}${path}`)).text();
  }
  async function counts(): Promise<unknown> {
    const health = JSON.parse(await get('/health')) as { components: { registrations?: object } };
    return health.components.registrations;
  }
  await simulator.stop();
  await waitUntil('the failure is seen', async () => {
    assert.partialDeepStrictEqual(await counts(), { ok: 0, retrying: 1 });
    return true;
  });
  const port = Number(new URL(url).port);
  const restarted = await startSignalingSimulator({ release: '0.18.0-signaling', managementKey, port });
  t.after(() => restarted.stop());
  await waitUntil('it is registered again', () => restarted.dataPlanes().length > 0);
  await waitUntil('that is seen', async () => {
    assert.partialDeepStrictEqual(await counts(), { ok: 1, retrying: 0 });
    return true;
  });
  const [, failures] =
    /edc_jp_registrations_total\{connector="signaling",result="failed"\} (\d+)/.exec(await get('/metrics')) ??
    [];
  assert.ok(Number(failures) >= 1 && Number(failures) < 10, `${failures} requests failed`);
});
