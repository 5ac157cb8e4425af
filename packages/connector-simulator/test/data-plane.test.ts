import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { SimulatorOptions } from '../src/connector-simulator.ts';
import type { ConnectorVersion } from '../src/versions.ts';
import { assertSent, readRecording } from './recording.ts';
import { answerWith, post, startBench, type Bench } from './scripted-provisioner.ts';

const versions: ConnectorVersion[] = ['0.15.1-data-plane', '0.17.0', '0.18.0'];
const namespace = 'https://w3id.org/edc/v0.0.1/ns/';

function addressOf({ origin }: Bench): object {
  const properties = { [`${namespace}type`]: 'HttpData', [`${namespace}baseUrl`]: `${origin}/result` };
  return { dataAddress: { properties } };
}

async function start(t: TestContext, version: ConnectorVersion, options: Partial<SimulatorOptions> = {}) {
  const bench = await startBench(t, { version, requestRetryMillis: 1, ...options });
  const { simulator } = bench;
  async function request(transfer: { mode?: 'push' | 'pull' } = {}) {
    const { id, resourceDefinitionId } = simulator.startTransfer({ assetId: 'job-asset', ...transfer });
    await simulator.waitFor(id, ({ dataFlow }) => dataFlow === 'PROVISION_REQUESTED');
    const url = `${simulator.callbackAddress}/${id}/${resourceDefinitionId}`;
    function provision(body: object | string = addressOf(bench)): ReturnType<typeof post> {
      return post(`${url}/provision`, typeof body === 'string' ? body : JSON.stringify(body));
    }
    return { id, url, provision };
  }
  return { bench, simulator, request };
}

for (const version of versions) {
  test(`a recorded push of ${version} is sent header by header and byte by byte, to its end`, async (t) => {
    const recorded = await readRecording(`${version.replace('-data-plane', '')}-data-plane-push`);
    const [provision, deprovision] = recorded.filter(({ kind }) => kind === 'request');
    const [callback, confirmation] = recorded.filter(({ kind }) => kind === 'callback');
    assert.ok(provision && deprovision && callback && confirmation);
    const ids = JSON.parse(provision.body) as Record<string, string>;
    const { bench, simulator } = await start(t, version);
    const { id } = simulator.startTransfer({
      assetId: 'job-asset',
      transferProcessId: ids['flowId'] ?? '',
      resourceDefinitionId: ids['provisionResourceId'] ?? '',
    });
    await simulator.waitFor(id, ({ dataFlow }) => dataFlow === 'PROVISION_REQUESTED');
    const body = callback.body.replace(/http:\/\/127\.0\.0\.1:\d+/, bench.origin);
    const origin = new URL(simulator.callbackAddress).origin;
    assert.equal((await post(`${origin}${callback.path}`, body)).status, callback.status);
    await simulator.waitFor(id, ({ dataFlow }) => dataFlow === 'DEPROVISION_REQUESTED');
    assert.equal((await post(`${origin}${confirmation.path}`, '')).status, confirmation.status);
    const { state, dataFlow, consumer } = simulator.process(id);
    const end = version === '0.15.1-data-plane' ? 'DEPROVISIONED' : 'COMPLETED';
    assert.deepEqual([state, dataFlow, consumer.state], [end, 'DEPROVISIONED', 'COMPLETED']);
    assertSent(bench.seen, [provision, deprovision]);
  });

  test(`an answer that is not a 2xx is followed by the same request, and fails no transfer: ${version}`, async (t) => {
    const { bench, simulator, request } = await start(t, version);
    bench.script = answerWith(404, 409, 503, 200);
    const { id } = await request();
    assert.equal(bench.seen.length, 4);
    assert.equal(simulator.process(id).state, 'STARTUP_REQUESTED');
  });

  test(`a repeated callback moves the flow back: ${version}`, async (t) => {
    const { simulator, request } = await start(t, version);
    const { id, provision } = await request();
    // A deprovision request under way would refuse the callback.
    const paused = simulator.waitFor(id, 'STARTED').then(() => {
      simulator.pause();
    });
    assert.equal((await provision()).status, 204);
    await paused;
    await simulator.waitFor(id, 'COMPLETED');
    assert.equal((await provision()).status, 204);
    const { rewinds, counts } = simulator.process(id);
    assert.deepEqual([rewinds, counts.source], [1, 1]);
  });

  test(`a source that refuses ends the transfer for both sides, and is deprovisioned: ${version}`, async (t) => {
    const { bench, simulator, request } = await start(t, version);
    bench.source = (_, response) => response.writeHead(410, 'worker-failed').end();
    const { id, provision } = await request();
    await provision();
    const { errorDetail, consumer } = await simulator.waitFor(
      id,
      ({ dataFlow }) => dataFlow === 'DEPROVISION_REQUESTED',
    );
    assert.match(errorDetail ?? '', /410 - worker-failed/);
    assert.equal(consumer.state, 'TERMINATED');
  });

  test(`a termination while it provisions sends no message, and a late callback changes nothing: ${version}`, async (t) => {
    const { simulator, request } = await start(t, version);
    const { id, provision } = await request();
    simulator.terminateByProvider(id);
    const { status } = await provision();
    assert.equal(status, version === '0.15.1-data-plane' ? 204 : 409);
    const { state, consumer, counts } = simulator.process(id);
    assert.deepEqual([state, consumer.state, counts.deprovision], ['TERMINATED', 'REQUESTED', 0]);
  });

  test(`a callback that overtakes its answer is lost or refused, and works again: ${version}`, async (t) => {
    const { bench, simulator } = await start(t, version);
    const statuses: number[] = [];
    const ids = { transferProcessId: 'flow', resourceDefinitionId: 'resource' };
    const url = `${simulator.callbackAddress}/flow/resource/provision`;
    async function callBack(): Promise<void> {
      statuses.push((await post(url, addressOf(bench))).status);
    }
    bench.script = async (response) => {
      await callBack();
      response.writeHead(200).end();
    };
    const { id } = simulator.startTransfer({ assetId: 'job-asset', ...ids });
    const waiting = await simulator.waitFor(id, ({ dataFlow }) => dataFlow === 'PROVISION_REQUESTED');
    assert.equal(waiting.overtaken, true);
    bench.script = answerWith(200);
    await callBack();
    assert.deepEqual(statuses, [version === '0.15.1-data-plane' ? 204 : 409, 204]);
    await simulator.waitFor(id, 'COMPLETED');
  });
}

const faults = [
  { name: 'an address without type', body: { dataAddress: { properties: {} } }, status: 400 },
  { name: 'an empty address', body: { dataAddress: {} }, status: 400 },
  { name: 'no JSON', body: '{', status: 400 },
  { name: 'an array', body: '[]', status: 400 },
  { name: 'nothing', body: '', status: 500 },
];
for (const { name, body, status } of faults) {
  test(`a callback with ${name} is a ${status}, and the right one afterwards works`, async (t) => {
    const { simulator, request } = await start(t, '0.18.0');
    const { id, provision } = await request();
    assert.equal((await provision(body)).status, status);
    assert.equal((await provision()).status, 204);
    await simulator.waitFor(id, 'COMPLETED');
  });
}

test('an unknown flow is a 404 that names it, and an unknown resource a 204 without effect', async (t) => {
  const { simulator, request } = await start(t, '0.18.0');
  const { id } = await request();
  const body = JSON.stringify({ dataAddress: { properties: { type: 'HttpData' } } });
  const unknown = await post(`${simulator.callbackAddress}/nobody/x/provision`, body);
  assert.deepEqual([unknown.status, /DataFlow with ID=nobody/.test(unknown.text)], [404, true]);
  assert.equal((await post(`${simulator.callbackAddress}/${id}/x/provision`, body)).status, 204);
  assert.equal(simulator.process(id).dataFlow, 'PROVISION_REQUESTED');
});

test('no key is expected unless one is set', async (t) => {
  const open = await start(t, '0.18.0');
  const one = await open.request();
  assert.equal((await post(`${one.url}/deprovision`, '', { 'x-api-key': 'any' })).status, 204);
  const guarded = await start(t, '0.18.0', { callbackKey: 'of-the-data-plane' });
  const { url } = await guarded.request();
  assert.equal((await post(`${url}/deprovision`, '')).status, 401);
  assert.equal((await post(`${url}/deprovision`, '', { 'x-api-key': 'of-the-data-plane' })).status, 204);
});

test('a consumer that pulls gets the address from 0.17 on, and its end is not deprovisioned', async (t) => {
  const { simulator, request } = await start(t, '0.18.0');
  const { id, provision } = await request({ mode: 'pull' });
  await provision();
  await simulator.waitFor(id, 'STARTED');
  assert.match(JSON.stringify(simulator.process(id).disclosed), /result/);
  await simulator.pull(id);
  simulator.terminateByConsumer(id);
  const { state, dataFlow } = simulator.process(id);
  assert.deepEqual([state, dataFlow], ['TERMINATING_REQUESTED', 'STARTED']);
});

test('0.15 cannot start a pull', async (t) => {
  const { simulator, request } = await start(t, '0.15.1-data-plane');
  const { id, provision } = await request({ mode: 'pull' });
  await provision();
  const { errorDetail } = await simulator.waitFor(id, 'TERMINATED');
  assert.match(errorDetail ?? '', /No EDR service/);
});
