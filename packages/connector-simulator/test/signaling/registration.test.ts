import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import { startSignalingSimulator } from '../../src/signaling/signaling-simulator.ts';
import { names, startBench } from './scripted-data-plane.ts';

interface Recorded {
  readonly provider: {
    path: string;
    body: Record<string, unknown>;
    status: number;
    answer: string;
    again: number;
  };
  readonly list: Record<string, unknown>[];
}

async function readRegistration(): Promise<Recorded> {
  const url = new URL('../../recordings/0.18.0-signaling-registration.json', import.meta.url);
  return JSON.parse(await readFile(url, 'utf8')) as Recorded;
}

async function start(t: TestContext, managementKey?: string) {
  const simulator = await startSignalingSimulator({ release: '0.18.0-signaling', managementKey });
  t.after(() => simulator.stop());
  async function send(method: string, path: string, body?: object, key = managementKey) {
    const response = await fetch(`${simulator.managementUrl}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { 'x-api-key': key }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  }
  return { simulator, send };
}

test('the recorded registration is answered and listed as recorded, and may be repeated', async (t) => {
  const { provider, list } = await readRegistration();
  const { simulator, send } = await start(t);
  const first = await send('PUT', provider.path, provider.body);
  assert.deepEqual(first, { status: provider.status, text: provider.answer });
  assert.equal((await send('PUT', provider.path, provider.body)).status, provider.again);
  assert.equal(simulator.dataPlanes().length, 1);
  const listed = JSON.parse((await send('GET', provider.path)).text) as Record<string, unknown>[];
  const times = { lastActive: 0, stateTimestamp: 0 };
  assert.deepEqual(
    listed.map((one) => Object.entries({ ...one, ...times })),
    list.map((one) => Object.entries({ ...one, ...times })),
  );
});

test('profiles are ignored: without transfer types a data plane is never chosen', async (t) => {
  const { simulator, send } = await start(t);
  const body = {
    dataplaneId: 'plane',
    endpoint: 'http://127.0.0.1:9/dataflows',
    profiles: ['HttpData-PULL'],
  };
  assert.equal((await send('PUT', '/v4/dataplanes', body)).status, 200);
  const { id } = simulator.startTransfer({ assetId: 'weather' });
  assert.equal((await simulator.waitFor(id, 'TERMINATED')).errorDetail, 'No dataplane found');
});

test('a transfer with labels goes to a data plane that has all of them', async (t) => {
  const bench = await startBench(t);
  const { simulator } = bench;
  const labels = ['jobs', 'slow'];
  const plane = { endpoint: `${bench.origin}/labelled/dataflows`, transferTypes: ['HttpData-PULL'] };
  simulator.register({ dataplaneId: 'half', ...plane, labels: ['jobs'] });
  const unserved = simulator.startTransfer({ assetId: 'weather', labels });
  const { errorDetail } = await simulator.waitFor(unserved.id, 'TERMINATED');
  assert.equal(errorDetail, 'No dataplane found');
  simulator.register({ dataplaneId: 'labelled', ...plane, labels: [...labels, 'other'] });
  const { id } = simulator.startTransfer({ assetId: 'weather', labels });
  assert.equal((await simulator.waitFor(id, 'STARTED')).dataPlaneId, 'labelled');
  assert.deepEqual(names(bench), ['start']);
});

test('messages go to the endpoint as it is: one that does not end in /dataflows gets them elsewhere', async (t) => {
  const bench = await startBench(t);
  const { simulator } = bench;
  simulator.register({ dataplaneId: 'plane', endpoint: bench.origin, transferTypes: ['HttpData-PULL'] });
  const { id } = simulator.startTransfer({ assetId: 'weather' });
  await simulator.waitFor(id, 'STARTED');
  assert.equal(bench.seen[0]?.path, '/start');
});

test('a transfer stays with its data plane, at the endpoint of its last registration', async (t) => {
  const bench = await startBench(t);
  const { simulator } = bench;
  const { id } = simulator.startTransfer({ assetId: 'weather' });
  await simulator.waitFor(id, 'STARTED');
  const endpoint = `${bench.origin}/moved/dataflows`;
  simulator.register({ dataplaneId: 'plane', endpoint, transferTypes: ['HttpData-PULL'] });
  assert.ok(simulator.terminate(id));
  await simulator.waitFor(id, 'TERMINATED');
  assert.equal(bench.seen.at(-1)?.path, `/moved/dataflows/${id}/terminate`);
});

test('several participants have a path of their own, and a data plane may be deleted', async (t) => {
  const { simulator, send } = await start(t);
  const body = { dataplaneId: 'plane', endpoint: 'http://127.0.0.1:9/dataflows', transferTypes: [] };
  const path = '/v5beta/participants/alice/dataplanes';
  assert.equal((await send('PUT', path, body)).status, 200);
  assert.equal((await send('DELETE', `${path}/plane`)).status, 200);
  assert.deepEqual(simulator.dataPlanes(), []);
  assert.equal((await send('DELETE', `${path}/plane`)).status, 404);
});

test('the registration needs the management key, a dataplaneId and an endpoint', async (t) => {
  const { send } = await start(t, 'right');
  const body = { dataplaneId: 'plane', endpoint: 'http://127.0.0.1:9/dataflows' };
  assert.equal((await send('PUT', '/v4/dataplanes', body, 'wrong')).status, 401);
  assert.equal((await send('PUT', '/v4/dataplanes', { endpoint: body.endpoint })).status, 400);
  assert.equal((await send('PUT', '/v4/dataplanes', { dataplaneId: 'plane' })).status, 400);
  assert.equal((await send('PUT', '/v4/dataplanes', body)).status, 200);
});

test('registration and management API misbehave on demand', async (t) => {
  const { simulator, send } = await start(t);
  const body = { dataplaneId: 'plane', endpoint: 'http://127.0.0.1:9/dataflows' };
  simulator.misbehave('management', { kind: 'status', status: 503 }, 1);
  assert.equal((await send('PUT', '/v4/dataplanes', body)).status, 503);
  assert.deepEqual(simulator.dataPlanes(), []);
  assert.equal((await send('PUT', '/v4/dataplanes', body)).status, 200);
});

test('the management API terminates a transfer with its reason', async (t) => {
  const bench = await startBench(t);
  const { simulator } = bench;
  const { id } = simulator.startTransfer({ assetId: 'weather' });
  await simulator.waitFor(id, 'STARTED');
  const url = `${simulator.managementUrl}/v3/transferprocesses/${id}`;
  const body = { '@context': { '@vocab': 'https://w3id.org/edc/v0.0.1/ns/' }, reason: 'exit code 3' };
  const options = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
  assert.equal((await fetch(`${url}/terminate`, options)).status, 204);
  const { errorDetail, counterparty } = await simulator.waitFor(id, 'TERMINATED');
  assert.deepEqual([errorDetail, counterparty.reason], ['exit code 3', 'exit code 3']);
  assert.equal((await fetch(`${url}/terminate`, options)).status, 409);
  assert.match(await (await fetch(`${url}/state`)).text(), /"state":"TERMINATED"/);
  assert.deepEqual(names(bench), ['start', 'terminate']);
});

test('0.16 registers data planes by POST at the control API, updates them by PUT, and lists none', async (t) => {
  const simulator = await startSignalingSimulator({ release: '0.16.0-signaling', managementKey: 'key' });
  t.after(() => simulator.stop());
  const plane = { endpoint: 'http://127.0.0.1:9/dataflows', transferTypes: ['HttpData-PULL'] };
  async function send(method: string, path: string, members: object = {}): Promise<number> {
    const response = await fetch(simulator.controlUrl + path, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(method === 'GET' ? {} : { body: JSON.stringify({ ...plane, ...members }) }),
    });
    return response.status;
  }
  assert.equal(await send('PUT', '/dataplanes'), 404);
  assert.equal(await send('GET', '/dataplanes'), 404);
  assert.equal(await send('PUT', '/dataplanes/plane'), 404);
  assert.equal(await send('POST', '/dataplanes/register', { dataplaneId: 'plane' }), 200);
  assert.equal(await send('POST', '/dataplanes/register', { dataplaneId: 'plane' }), 200);
  assert.equal(await send('PUT', '/dataplanes/plane', { transferTypes: ['HttpData-PUSH'] }), 200);
  assert.deepEqual(
    simulator.dataPlanes().map(({ dataplaneId, transferTypes }) => [dataplaneId, transferTypes]),
    [['plane', ['HttpData-PUSH']]],
  );
  assert.equal(await send('DELETE', '/dataplanes/plane'), 200);
  assert.deepEqual(simulator.dataPlanes(), []);
  const newer = await fetch(`${simulator.managementUrl}/v4/dataplanes`, { headers: { 'x-api-key': 'key' } });
  assert.equal(newer.status, 404);
});
