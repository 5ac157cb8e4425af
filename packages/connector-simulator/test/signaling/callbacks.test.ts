import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { SignalingOptions } from '../../src/signaling/signaling-simulator.ts';
import { readRecording } from '../recording.ts';
import { addressOf, answerLater, callBack, names, startBench, status } from './scripted-data-plane.ts';

async function startedLater(t: TestContext, options: Partial<SignalingOptions> = {}) {
  const bench = await startBench(t, options);
  bench.script = answerLater;
  const { id } = bench.simulator.startTransfer({ assetId: 'weather' });
  await bench.simulator.waitFor(id, 'STARTUP_REQUESTED');
  return { bench, simulator: bench.simulator, id };
}

function withoutPorts(text: string): string {
  return text.replace(/127\.0\.0\.1:\d+/g, 'host');
}

const early = [
  { name: 'started', recording: 'callback-before-answer' },
  { name: 'completed', recording: 'completed-at-once' },
];
for (const { name, recording } of early) {
  test(`${name} before the answer was read gets the recorded page with 500, and the transfer goes on`, async (t) => {
    const recorded = await readRecording(`0.18.0-signaling-${recording}`);
    const page = recorded.find((one) => one.status === 500) as { path: string; answer?: string } | undefined;
    assert.ok(page);
    const [, id = ''] = /transfers\/([^/]+)/.exec(page.path) ?? [];
    const bench = await startBench(t);
    const answers: { status: number; text: string }[] = [];
    bench.script = async () => {
      answers.push(await callBack(bench, `${id}/${name}`));
      return status('STARTING');
    };
    bench.simulator.startTransfer({ assetId: 'weather', transferProcessId: id });
    await bench.simulator.waitFor(id, 'STARTUP_REQUESTED');
    assert.equal(answers[0]?.status, 500);
    assert.equal(withoutPorts(answers[0].text), withoutPorts(page.answer ?? ''));
    assert.equal((await callBack(bench, `${id}/started`)).status, 200);
    await bench.simulator.waitFor(id, 'STARTED');
  });
}

test('a started callback of a started transfer is a 500, and that of a terminated one as well', async (t) => {
  const { bench, simulator, id } = await startedLater(t);
  assert.equal((await callBack(bench, `${id}/started`)).status, 200);
  await simulator.waitFor(id, 'STARTED');
  assert.equal((await callBack(bench, `${id}/started`)).status, 500);
  assert.ok(simulator.terminate(id));
  await simulator.waitFor(id, 'TERMINATED');
  assert.equal((await callBack(bench, `${id}/started`)).status, 500);
  assert.equal(simulator.process(id).state, 'TERMINATED');
});

test('completed is a 409 while a synchronously started transfer is leased, and a 200 afterwards', async (t) => {
  const bench = await startBench(t, { leaseMillis: 600_000 });
  const { id } = bench.simulator.startTransfer({ assetId: 'weather', mode: 'push' });
  await bench.simulator.waitFor(id, 'STARTING');
  const early = await callBack(bench, `${id}/completed`);
  assert.equal(early.status, 409);
  assert.match(early.text, /already leased/);
  assert.equal(bench.simulator.process(id).state, 'STARTING');

  const quick = await startBench(t);
  const other = quick.simulator.startTransfer({ assetId: 'weather', mode: 'push' });
  await quick.simulator.waitFor(other.id, 'STARTED');
  assert.equal((await callBack(quick, `${other.id}/completed`)).status, 200);
  const { counterparty } = await quick.simulator.waitFor(other.id, 'COMPLETED');
  assert.equal(counterparty.state, 'COMPLETED');
  assert.equal((await callBack(quick, `${other.id}/completed`)).status, 409);
  // The provider's own data plane knows.
  assert.deepEqual(names(quick), ['start']);
});

test('completed is a 409 before the transfer is started', async (t) => {
  const { bench, simulator, id } = await startedLater(t);
  assert.equal((await callBack(bench, `${id}/completed`)).status, 409);
  assert.equal(simulator.process(id).state, 'STARTUP_REQUESTED');
});

for (const name of ['prepared', 'started', 'completed', 'errored']) {
  test(`${name} of an unknown transfer is a 401`, async (t) => {
    const bench = await startBench(t);
    assert.equal((await callBack(bench, `nobody/${name}`)).status, 401);
  });
}

test('errored is a 200, and nothing moves', async (t) => {
  const { bench, simulator, id } = await startedLater(t);
  const body = { messageId: 'm', dataFlowId: id, state: 'STARTING', error: 'exit code 3' };
  assert.equal((await callBack(bench, `${id}/errored`, body)).status, 200);
  const { state, errors, counterparty, history } = simulator.process(id);
  assert.deepEqual([state, errors, counterparty.state], ['STARTUP_REQUESTED', ['exit code 3'], 'REQUESTED']);
  assert.equal(history.length, 2);
});

test('started is a 409 for a consumer, whose prepared starts its request', async (t) => {
  const bench = await startBench(t, { side: 'consumer' });
  bench.script = answerLater;
  const { simulator } = bench;
  const { id } = simulator.startTransfer({ assetId: 'weather', mode: 'push' });
  await simulator.waitFor(id, 'PREPARATION_REQUESTED');
  assert.equal((await callBack(bench, `${id}/started`)).status, 409);
  const sink = { messageId: 'm', dataFlowId: id, state: 'PREPARED', dataAddress: addressOf('http://sink/') };
  assert.equal((await callBack(bench, `${id}/prepared`, sink)).status, 200);
  const { disclosed } = await simulator.waitFor(id, 'REQUESTED');
  assert.equal(disclosed?.endpoint, 'http://sink/');
});

const faults = [
  { name: 'no body', body: '', status: 500 },
  { name: 'no JSON', body: '{', status: 400 },
  { name: 'no state', body: '{}', status: 500 },
];
for (const { name, body, status: expected } of faults) {
  test(`a started callback with ${name} is a ${expected}, and the right one afterwards works`, async (t) => {
    const { bench, simulator, id } = await startedLater(t);
    assert.equal((await callBack(bench, `${id}/started`, body)).status, expected);
    assert.equal((await callBack(bench, `${id}/started`)).status, 200);
    await simulator.waitFor(id, 'STARTED');
  });
}

test('a callback whose Authorization is not accepted is a 401', async (t) => {
  const { bench, simulator, id } = await startedLater(t, {
    acceptsCallback: (authorization) => authorization === 'Bearer right',
  });
  assert.equal((await callBack(bench, `${id}/started`)).status, 401);
  assert.equal(simulator.process(id).received.started, 0);
});

test('the callbacks misbehave on demand, and go down and come back', async (t) => {
  const { bench, simulator, id } = await startedLater(t);
  simulator.misbehave('callback', { kind: 'status', status: 503 }, 1);
  assert.equal((await callBack(bench, `${id}/started`)).status, 503);
  simulator.misbehave('callback', { kind: 'close', applied: true }, 1);
  await assert.rejects(callBack(bench, `${id}/started`));
  await simulator.waitFor(id, 'STARTED');
  await simulator.goDown();
  await assert.rejects(callBack(bench, `${id}/completed`));
  await simulator.comeBack();
  assert.equal((await callBack(bench, `${id}/completed`)).status, 200);
});
