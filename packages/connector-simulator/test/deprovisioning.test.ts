import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectorVersion } from '../src/versions.ts';
import { answerWith, requestedTransfer, startBench } from './scripted-provisioner.ts';

test('at 0.10.0 an accepted deprovision request leaves the process waiting', async (t) => {
  const bench = await startBench(t, { version: '0.10.0' });
  const { id, callBack } = await requestedTransfer(bench);
  await callBack();
  await bench.simulator.waitFor(id, 'DEPROVISIONING_REQUESTED');
  await assert.rejects(bench.simulator.waitFor(id, 'DEPROVISIONED'), /never reached DEPROVISIONED/);
});

for (const version of ['0.11.1', '0.12.0', '0.15.1'] satisfies ConnectorVersion[]) {
  test(`at ${version} an accepted deprovision request ends the process`, async (t) => {
    const bench = await startBench(t, { version });
    const { id, callBack } = await requestedTransfer(bench);
    await callBack();
    const process = await bench.simulator.waitFor(id, 'DEPROVISIONED');
    assert.equal(process.errorDetail, undefined);
    assert.equal(bench.seen[1]?.message.type, 'deprovision');
  });
}

for (const status of [201, 202, 204, 404, 409]) {
  test(`${status} to a deprovision request is fatal: one request, and an errorDetail`, async (t) => {
    const bench = await startBench(t);
    bench.script = answerWith(200, status);
    const { id, callBack } = await requestedTransfer(bench);
    await callBack();
    const process = await bench.simulator.waitFor(id, 'DEPROVISIONED');
    assert.match(process.errorDetail ?? '', new RegExp(`received fatal error code: ${status}`));
    assert.deepEqual(process.consumer, { state: 'COMPLETED' });
    assert.equal(bench.seen.length, 2);
  });
}

test('503 to a deprovision request is sent again until it becomes a 200', async (t) => {
  const bench = await startBench(t, { hotLoopGapMillis: 1 });
  bench.script = answerWith(200, ...Array<number>(10).fill(503), 200);
  const { id, callBack } = await requestedTransfer(bench);
  await callBack();
  const process = await bench.simulator.waitFor(id, 'DEPROVISIONED');
  assert.equal(process.counts.deprovision, 11);
});

test('at 0.10.0 an address of another type than the entry is never deprovisioned', async (t) => {
  const bench = await startBench(t, { version: '0.10.0', entryType: 'HttpProvision' });
  const { id, callBack } = await requestedTransfer(bench);
  await callBack();
  await bench.simulator.waitFor(id, 'DEPROVISIONING');
  const other = await requestedTransfer(bench);
  assert.equal(bench.simulator.process(id).state, 'DEPROVISIONING');
  assert.deepEqual(
    bench.seen.map((seen) => seen.message.transferProcessId),
    [id, other.id],
  );
});

const consumers: { version: ConnectorVersion; state: string; requests: number }[] = [
  { version: '0.10.0', state: 'TERMINATED', requests: 1 },
  { version: '0.11.1', state: 'TERMINATED', requests: 1 },
  { version: '0.12.0', state: 'DEPROVISIONED', requests: 2 },
  { version: '0.15.1', state: 'DEPROVISIONED', requests: 2 },
];
for (const { version, state, requests } of consumers) {
  test(`at ${version} a started pull that the consumer ends stays in ${state}`, async (t) => {
    const bench = await startBench(t, { version });
    const { id, callBack } = await requestedTransfer(bench, 'pull');
    await callBack();
    await bench.simulator.waitFor(id, 'STARTED');
    assert.equal(bench.simulator.terminateByConsumer(id), true);
    await bench.simulator.waitFor(id, (process) => process.state === state);
    await requestedTransfer(bench); // one more round of the state machine
    assert.equal(bench.simulator.process(id).state, state);
    assert.equal(bench.seen.filter((seen) => seen.message.transferProcessId === id).length, requests);
  });

  test(`at ${version} a transfer that the consumer ends while it is provisioned stays in ${state}, without a deprovision request`, async (t) => {
    const bench = await startBench(t, { version });
    const { id, callBack } = await requestedTransfer(bench);
    bench.simulator.terminateByConsumer(id);
    await bench.simulator.waitFor(id, (process) => process.state === state);
    assert.equal((await callBack()).status, 409);
    assert.equal(bench.seen.length, 1);
  });
}

test('a transfer that the provider ends while it is provisioned is never deprovisioned', async (t) => {
  const bench = await startBench(t);
  const { id, callBack } = await requestedTransfer(bench);
  assert.equal(bench.simulator.terminateByProvider(id, 'changed our mind'), true);
  const process = await bench.simulator.waitFor(id, 'DEPROVISIONED');
  assert.deepEqual(process.consumer, { state: 'TERMINATED', reason: 'changed our mind' });
  assert.equal((await callBack()).status, 409);
  assert.equal(bench.simulator.terminateByProvider(id), false);
  assert.equal(bench.seen.length, 1);
});
