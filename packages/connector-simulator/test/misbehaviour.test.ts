import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimulatorEvent } from '../src/journal.ts';
import { callbackBody, key, post, requestedTransfer, startBench } from './scripted-provisioner.ts';

test('a connector that is down refuses connections, and comes back on its port', async (t) => {
  const bench = await startBench(t);
  const { id, callBack } = await requestedTransfer(bench);
  const address = bench.simulator.callbackAddress;
  await bench.simulator.goDown();
  await assert.rejects(callBack());
  await bench.simulator.comeBack();
  assert.equal(bench.simulator.callbackAddress, address);
  assert.equal((await callBack()).status, 204);
  await bench.simulator.waitFor(id, 'COMPLETED');
});

test('a fault lasts for the number of requests it was set for', async (t) => {
  const bench = await startBench(t);
  const { id, callBack } = await requestedTransfer(bench);
  bench.simulator.misbehave('callback', { kind: 'status', status: 500 }, 2);
  assert.equal((await callBack()).status, 500);
  assert.equal((await callBack()).status, 500);
  assert.equal(bench.simulator.process(id).counts.callback, 0);
  assert.equal((await callBack()).status, 204);
});

test('a fault lasts until it is ended', async (t) => {
  const bench = await startBench(t);
  const { callBack } = await requestedTransfer(bench);
  bench.simulator.misbehave('callback', { kind: 'status', status: 503 });
  for (let index = 0; index < 5; index += 1) assert.equal((await callBack()).status, 503);
  bench.simulator.misbehave('callback', undefined);
  assert.equal((await callBack()).status, 204);
});

for (const applied of [true, false]) {
  test(`a callback whose connection closes early was ${applied ? '' : 'not '}applied`, async (t) => {
    const bench = await startBench(t);
    const { id, callBack } = await requestedTransfer(bench);
    bench.simulator.pause();
    bench.simulator.misbehave('callback', { kind: 'close', applied }, 1);
    await assert.rejects(callBack());
    assert.equal(bench.simulator.process(id).state, applied ? 'PROVISIONED' : 'PROVISIONING_REQUESTED');
    const [callback] = bench.simulator.exchanges({ kind: 'callback' });
    assert.equal(callback?.status, undefined);
    assert.equal(callback?.error, 'close');
  });
}

test('a hanging callback is answered by nothing until the connector goes down', async (t) => {
  const bench = await startBench(t);
  const { id, callBack } = await requestedTransfer(bench);
  bench.simulator.misbehave('callback', { kind: 'hang', applied: true }, 1);
  const failed = assert.rejects(callBack());
  await bench.simulator.waitFor(id, 'PROVISIONED');
  await bench.simulator.goDown();
  await failed;
});

test('a delayed answer is preceded by its effect', async (t) => {
  const bench = await startBench(t);
  const { id, callBack } = await requestedTransfer(bench);
  bench.simulator.misbehave('callback', { kind: 'delay', millis: 600_000 }, 1);
  const unanswered = assert.rejects(callBack());
  await bench.simulator.waitFor(id, 'PROVISIONED');
  await bench.simulator.goDown();
  await unanswered;
});

test('a delayed answer comes in the end', async (t) => {
  const bench = await startBench(t);
  const { callBack } = await requestedTransfer(bench);
  bench.simulator.misbehave('callback', { kind: 'delay', millis: 10 }, 1);
  assert.equal((await callBack()).status, 204);
});

test('the management API misbehaves apart from the callbacks', async (t) => {
  const bench = await startBench(t);
  const { id, callBack } = await requestedTransfer(bench);
  bench.simulator.misbehave('management', { kind: 'status', status: 500 });
  const url = `${bench.simulator.managementUrl}/v3/transferprocesses/${id}/state`;
  assert.equal((await fetch(url, { headers: { 'x-api-key': key } })).status, 500);
  assert.equal((await callBack()).status, 204);
});

test('a lost transfer can be started again under the same ids', async (t) => {
  const bench = await startBench(t);
  const { id, resourceDefinitionId } = await requestedTransfer(bench);
  bench.simulator.dropTransfers();
  bench.simulator.startTransfer({ assetId: 'job-asset', transferProcessId: id, resourceDefinitionId });
  await bench.simulator.waitFor(id, 'PROVISIONING_REQUESTED');
  assert.equal(bench.seen[0]?.body, bench.seen[1]?.body);
});

test('without a management key every callback is accepted', async (t) => {
  const bench = await startBench(t, { managementKey: undefined });
  const { url, resourceDefinitionId } = await requestedTransfer(bench);
  assert.equal(
    (await post(url, callbackBody(bench, resourceDefinitionId), { 'x-api-key': 'any' })).status,
    204,
  );
});

test('events show a transfer from its start to its end, in order', async (t) => {
  const events: SimulatorEvent[] = [];
  const bench = await startBench(t, { onEvent: (event) => events.push(event) });
  const { id, callBack } = await requestedTransfer(bench);
  await callBack();
  await bench.simulator.waitFor(id, 'DEPROVISIONED');
  const told = events.map((event) => {
    if (event.kind === 'state') return event.state;
    return event.kind === 'exchange' ? `${event.exchange.kind} ${event.exchange.status}` : event.kind;
  });
  assert.deepEqual(told, [
    'listener',
    'INITIAL',
    'PROVISIONING',
    'provision 200',
    'PROVISIONING_REQUESTED',
    'PROVISIONED',
    'callback 204',
    'STARTING',
    'STARTED',
    'source 200',
    'received',
    'COMPLETED',
    'DEPROVISIONING',
    'deprovision 200',
    'DEPROVISIONED',
  ]);
  assert.ok(events.every((event, index) => event.at >= (events[index - 1]?.at ?? 0)));
});

test('waiting for a state that cannot come any more fails at once, with the reason', async (t) => {
  const bench = await startBench(t);
  const { id } = await requestedTransfer(bench);
  bench.simulator.terminateByProvider(id, 'no luck');
  await assert.rejects(bench.simulator.waitFor(id, 'COMPLETED'), /never reached COMPLETED: .*\(no luck\)/);
});

test('a paused connector answers and moves nothing by itself until it is resumed', async (t) => {
  const bench = await startBench(t, { iterationWaitMillis: 0 });
  const { id, callBack } = await requestedTransfer(bench);
  bench.simulator.pause();
  await callBack();
  const url = `${bench.simulator.managementUrl}/v3/transferprocesses/${id}/state`;
  for (let index = 0; index < 20; index += 1) await fetch(url, { headers: { 'x-api-key': key } });
  assert.equal(bench.simulator.process(id).state, 'PROVISIONED');
  bench.simulator.resume();
  await bench.simulator.waitFor(id, 'COMPLETED');
});
