import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { ControlPlane } from '../../../../../src/dialects/signaling/authorization/control-plane.ts';
import {
  createControlPlaneStore,
  type ControlPlaneStore,
} from '../../../../../src/dialects/signaling/registration/control-plane-store.ts';
import {
  controlPlaneRoutes,
  listControlPlanes,
  type ConnectorRules,
} from '../../../../../src/dialects/signaling/registration/control-planes.ts';
import { shortHash } from '../../../../../src/flow/names.ts';
import { startTestApi, type TestApi } from '../../../../support/api-server.ts';
import { memoryLog } from '../../../../support/memory-log.ts';
import { aConnector, ask, problemIn, startHttp, token } from '../../../http/start-http.ts';
import { stoppedClocks } from '../loopback-server.ts';

let api: TestApi;
before(async () => {
  api = await startTestApi();
});
after(() => api[Symbol.asyncDispose]());

/** Two replicas of the service on one cluster, with a connector of the test's own. */
async function startReplicas(t: TestContext, connector: string, rules: Partial<ConnectorRules> = {}) {
  const clocks = stoppedClocks();
  const memory = memoryLog();
  function newStore(): ControlPlaneStore {
    return createControlPlaneStore({
      secrets: api.cluster.secrets,
      log: memory.log,
      stopping: t.signal,
      monotonic: () => clocks.monotonic,
    });
  }
  const connectors = [aConnector(connector, ['*']), aConnector(`${connector}-2`, ['*'])];
  const secrets = Object.fromEntries(
    connectors.map(({ name }) => [name, { tokens: [token], key: undefined }]),
  );
  async function startReplica() {
    const store = newStore();
    const routes = controlPlaneRoutes({
      connectors,
      secrets,
      store,
      rulesOf: () => ({ keyless: 'refuse', configured: [], ...rules }),
    });
    const { port } = await startHttp(t, { connectors: [], routes });
    return { store, port };
  }
  const [one, two] = [await startReplica(), await startReplica()];
  const path = `/connectors/${connector}/${token}/controlplanes`;
  async function put(body: object, replica = one) {
    return await ask(replica.port, path, { method: 'PUT', body });
  }
  async function remove(id: string, replica = one) {
    return await ask(replica.port, `${path}/${encodeURIComponent(id)}`, { method: 'DELETE' });
  }
  return { one, two, clocks, memory, put, remove, newStore };
}

const authorization = {
  type: 'oauth2_client_credentials',
  tokenEndpoint: 'https://idp.example.org/token',
  clientId: 'jobs',
  clientSecret: 'secret-of-the-client',
  jwksUri: 'https://idp.example.org/keys',
};
const did = 'did:web:localhost%3A8083';
const body = { controlplaneId: did, endpoint: 'https://edc.example.org/signaling', authorization };

async function endpoints(
  store: ControlPlaneStore,
  connector: string,
  configured: readonly ControlPlane[] = [],
): Promise<Record<string, string>> {
  const { signal } = new AbortController();
  const found = await listControlPlanes(store, { connector, configured }, signal);
  return Object.fromEntries(found.map(({ id, endpoint }) => [id, endpoint]));
}

test('a control plane registers, replaces its registration, and deletes it; all replicas see it', async (t) => {
  const { one, two, clocks, put, remove } = await startReplicas(t, 'upsert');
  assert.deepEqual(await endpoints(two.store, 'upsert'), {});
  const first = await put(body);
  assert.equal(first.status, 200);
  assert.deepEqual(JSON.parse(first.body), { controlplaneId: did });
  assert.deepEqual(await endpoints(one.store, 'upsert'), { [did]: body.endpoint });
  assert.deepEqual((await one.store.list('upsert', t.signal))[0]?.authorization, authorization);

  assert.equal((await put({ ...body, endpoint: 'https://edc.example.org/moved' }, two)).status, 200);
  clocks.pass(5000);
  for (const { store } of [one, two])
    assert.deepEqual(await endpoints(store, 'upsert'), { [did]: 'https://edc.example.org/moved' });
  assert.deepEqual(await endpoints(one.store, 'upsert-2'), {});

  assert.equal((await remove(did, two)).status, 204);
  assert.equal((await remove(did)).status, 404);
  clocks.pass(5000);
  assert.deepEqual(await endpoints(one.store, 'upsert'), {});
});

test('a registration is a Secret with a computed name, and its client’s secret is in no log', async (t) => {
  const { put, memory } = await startReplicas(t, 'secret');
  await put(body);
  const name = `control-plane-${shortHash(JSON.stringify(['secret', did]))}`;
  const secret = await api.cluster.secrets.get(name, t.signal);
  assert.equal(secret?.type, 'Opaque');
  assert.deepEqual(secret.metadata?.labels, {
    'app.kubernetes.io/managed-by': 'edc-job-provisioner',
    'edc-job-provisioner/control-plane-of': 'secret',
  });
  assert.deepEqual(Object.keys(secret.data ?? {}), ['registration']);
  assert.ok(!memory.lines.join('').includes('secret-of-the-client'));
});

test('simultaneous registrations with one id leave one registration, one of them whole', async (t) => {
  const { one, two, put } = await startReplicas(t, 'race');
  const sent = Array.from({ length: 20 }, (_, index) => `https://edc.example.org/${index}`);
  const replies = await Promise.all(
    sent.map((endpoint, index) => put({ ...body, endpoint }, index % 2 === 0 ? one : two)),
  );
  assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([200]));
  const found = await endpoints(one.store, 'race');
  assert.deepEqual(Object.keys(found), [did]);
  assert.ok(sent.includes(found[did] ?? ''));
});

test('a registration beside its own deletion is whole or gone', async (t) => {
  const { one, put, remove } = await startReplicas(t, 'flicker');
  for (let round = 0; round < 5; round += 1) {
    const replies = await Promise.all([put(body), remove(did), put(body), remove(did)]);
    for (const { status } of replies) assert.ok([200, 204, 404].includes(status), String(status));
  }
  await put(body);
  assert.deepEqual(await endpoints(one.store, 'flicker'), { [did]: body.endpoint });
});

test('a control plane of the settings wins over a registration with its id, old or new', async (t) => {
  const configured = [{ id: did, endpoint: 'https://configured.example.org' }];
  const earlier = await startReplicas(t, 'configured');
  await earlier.put(body);
  await earlier.put({ ...body, controlplaneId: 'other' });
  const { one, put, remove } = await startReplicas(t, 'configured', { configured });
  assert.deepEqual(await endpoints(one.store, 'configured', configured), {
    [did]: 'https://configured.example.org',
    other: body.endpoint,
  });
  for (const reply of [await put(body), await remove(did)]) {
    assert.equal(reply.status, 409);
    assert.equal(problemIn(reply).field, 'controlplaneId');
  }
});

const wrong = [
  { name: 'no id', change: { controlplaneId: undefined }, field: 'controlplaneId' },
  { name: 'an id with a line break', change: { controlplaneId: 'a\nb' }, field: 'controlplaneId' },
  { name: 'no endpoint', change: { endpoint: undefined }, field: 'endpoint' },
  { name: 'an endpoint that is no URL', change: { endpoint: 'edc' }, field: 'endpoint' },
  {
    name: 'an endpoint elsewhere',
    change: { endpoint: 'https://evil.example.org/signaling' },
    field: 'endpoint',
  },
  { name: 'no authorization', change: { authorization: undefined }, field: 'authorization' },
  { name: 'null as authorization', change: { authorization: null }, field: 'authorization' },
  { name: 'text as authorization', change: { authorization: 'Bearer' }, field: 'authorization' },
  { name: 'an unknown profile', change: { authorization: { type: 'basic' } }, field: 'authorization.type' },
  {
    name: 'a missing member',
    change: { authorization: { ...authorization, tokenEndpoint: null } },
    field: 'authorization.tokenEndpoint',
  },
  {
    name: 'no keys',
    change: { authorization: { ...authorization, jwksUri: null } },
    field: 'authorization.jwksUri',
  },
  {
    name: 'keys in two places',
    change: { authorization: { ...authorization, jwks: { keys: [] } } },
    field: 'authorization.jwks',
  },
  {
    name: 'keys beside those of a token exchange',
    change: {
      authorization: {
        type: 'oauth2_token_exchange',
        tokenExchangeEndpoint: 'https://idp.example.org/exchange',
        issuer: 'https://idp.example.org',
        jwksUri: 'https://idp.example.org/keys',
        jwks: { keys: [] },
      },
    },
    field: 'authorization.jwks',
  },
];
for (const { name, change, field } of wrong) {
  test(`a registration is refused with its field: ${name}`, async (t) => {
    const { put, one } = await startReplicas(t, 'wrong', { callbackPrefix: 'https://edc.example.org/' });
    const reply = await put({ ...body, ...change });
    assert.equal(reply.status, 400);
    assert.equal(problemIn(reply).field, field);
    assert.ok(!reply.body.includes('secret-of-the-client'));
    assert.deepEqual(await endpoints(one.store, 'wrong'), {});
  });
}

test('a registration without keys or authorization is taken where that is allowed', async (t) => {
  const { put, one } = await startReplicas(t, 'keyless', { keyless: 'accept' });
  const open = {
    controlplaneId: 'open',
    endpoint: 'https://edc.example.org',
    authorization: null,
    future: 'member',
  };
  assert.equal((await put(open)).status, 200);
  assert.equal((await put({ ...body, authorization: { ...authorization, jwksUri: null } })).status, 200);
  const found = await one.store.list('keyless', t.signal);
  assert.deepEqual(
    found.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    [
      { id: did, endpoint: body.endpoint, authorization: { ...authorization, jwksUri: undefined } },
      { id: 'open', endpoint: 'https://edc.example.org' },
    ].map((one) => JSON.parse(JSON.stringify(one)) as ControlPlane),
  );
});

test('a stranger can neither register nor delete', async (t) => {
  const { one, put } = await startReplicas(t, 'stranger');
  await put(body);
  for (const path of ['stranger/wrong', `nobody/${token}`]) {
    const base = `/connectors/${path}/controlplanes`;
    const replies = [
      await ask(one.port, base, { method: 'PUT', body: { ...body, controlplaneId: 'mine' } }),
      await ask(one.port, `${base}/${encodeURIComponent(did)}`, { method: 'DELETE' }),
    ];
    for (const { status, body } of replies) {
      assert.equal(status, 404);
      assert.match(body, /no such connector, or not its token/);
    }
  }
  assert.deepEqual(await endpoints(one.store, 'stranger'), { [did]: body.endpoint });
});

test('a connector has at most a hundred registrations, and may replace them', async (t) => {
  const { put, clocks } = await startReplicas(t, 'many');
  for (let index = 0; index < 100; index += 1)
    assert.equal((await put({ ...body, controlplaneId: `cp-${index}` })).status, 200);
  assert.equal((await put({ ...body, controlplaneId: 'cp-100' })).status, 409);
  assert.equal((await put({ ...body, controlplaneId: 'cp-7' })).status, 200);
  clocks.pass(5000);
  assert.equal((await put({ ...body, controlplaneId: 'cp-100' })).status, 409);
});

test('registrations are listed once for simultaneous readers, and again after five seconds', async (t) => {
  let lists = 0;
  const { secrets } = api.cluster;
  const clocks = stoppedClocks();
  const store = createControlPlaneStore({
    secrets: {
      ...secrets,
      list(options, signal) {
        lists += 1;
        return secrets.list(options, signal);
      },
    },
    log: memoryLog().log,
    stopping: t.signal,
    monotonic: () => clocks.monotonic,
  });
  await Promise.all(Array.from({ length: 100 }, () => store.list('readers', t.signal)));
  clocks.pass(4999);
  await store.list('readers', t.signal);
  assert.equal(lists, 1);
  clocks.pass(1);
  await store.list('readers', t.signal);
  assert.equal(lists, 2);
});

test('a Secret that was damaged by hand does not hide the others', async (t) => {
  const { one, put, memory, clocks } = await startReplicas(t, 'damaged');
  await put(body);
  await put({ ...body, controlplaneId: 'whole' });
  const name = `control-plane-${shortHash(JSON.stringify(['damaged', did]))}`;
  for (const data of [{ registration: 'bm8gSlNPTg==' }, { registration: null }, { registration: 'e30=' }]) {
    await api.cluster.secrets.patch(name, { data }, t.signal);
    clocks.pass(5000);
    assert.deepEqual(await endpoints(one.store, 'damaged'), { whole: body.endpoint });
  }
  const entries = memory.entries('registration of a control plane not readable');
  assert.equal(entries.length, 3);
  assert.equal(entries[0]?.['secret'], name);
});

test('a failed list is no lasting one', async (t) => {
  const { newStore, put } = await startReplicas(t, 'broken');
  await put(body);
  const store = newStore();
  const leaving = new AbortController();
  const left = store.list('broken', leaving.signal);
  leaving.abort(new Error('the client has gone'));
  await assert.rejects(left, /the client has gone/);
  assert.equal((await store.list('broken', t.signal)).length, 1);
});
