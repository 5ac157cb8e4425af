import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addressOf,
  answerLater,
  answerReady,
  callBack,
  names,
  startBench,
  status,
} from './scripted-data-plane.ts';

for (const [code, body, reason] of [
  [400, '{"error":"no such job"}', 'Bad Request'],
  [503, '{"error":"busy"}', 'Service Unavailable'],
] as const) {
  test(`a start answered ${code} ends the transfer for both sides with the whole answer, and is not repeated`, async (t) => {
    const bench = await startBench(t);
    bench.script = () => ({ status: code, body });
    const { id } = bench.simulator.startTransfer({ assetId: 'weather' });
    const { errorDetail, counterparty } = await bench.simulator.waitFor(id, 'TERMINATED');
    const expected = `Data-plane responded with ${code} - ${reason}. Response body: ${body}`;
    assert.equal(errorDetail, expected);
    assert.deepEqual(counterparty, { state: 'TERMINATED', reason: expected });
    // No terminate: the data plane's id was never saved.
    assert.deepEqual(names(bench), ['start']);
    assert.equal((await callBack(bench, `${id}/started`)).status, 500);
  });
}

test('a refused prepare ends a consumer transfer, and the provider never gets a request', async (t) => {
  const bench = await startBench(t, { side: 'consumer' });
  bench.script = () => ({ status: 404 });
  const { id } = bench.simulator.startTransfer({ assetId: 'weather' });
  const { history } = await bench.simulator.waitFor(id, 'TERMINATED');
  assert.deepEqual(
    history.map(({ state }) => state),
    ['INITIAL', 'TERMINATED'],
  );
  assert.deepEqual(names(bench), ['prepare']);
});

test('an answer without a state ends the transfer', async (t) => {
  const bench = await startBench(t);
  bench.script = () => ({ status: 200, body: '{}' });
  const { id } = bench.simulator.startTransfer({ assetId: 'weather' });
  assert.match((await bench.simulator.waitFor(id, 'TERMINATED')).errorDetail ?? '', /no state/);
});

test('the state of the answer decides, not its status; an address beside STARTING is ignored', async (t) => {
  const bench = await startBench(t);
  const body = JSON.stringify({ state: 'STARTING', dataAddress: addressOf('http://early/') });
  bench.script = () => ({ status: 200, body });
  const first = bench.simulator.startTransfer({ assetId: 'weather' });
  assert.equal((await bench.simulator.waitFor(first.id, 'STARTUP_REQUESTED')).address, undefined);
  bench.script = () => ({ status: 202, body: JSON.stringify({ state: 'STARTED' }) });
  const second = bench.simulator.startTransfer({ assetId: 'weather' });
  await bench.simulator.waitFor(second.id, 'STARTED');
});

test('a refused terminate ends the transfer without a message to the counterparty', async (t) => {
  const bench = await startBench(t);
  const { simulator } = bench;
  const { id } = simulator.startTransfer({ assetId: 'weather' });
  await simulator.waitFor(id, 'STARTED');
  bench.script = () => ({ status: 409, body: 'no' });
  assert.ok(simulator.terminate(id, { by: 'operator', reason: 'enough' }));
  const { errorDetail, counterparty } = await simulator.waitFor(id, 'TERMINATED');
  assert.match(errorDetail ?? '', /409 - Conflict/);
  assert.equal(counterparty.state, 'STARTED');
  assert.deepEqual(names(bench), ['start', 'terminate']);
});

for (const message of ['suspend', 'resume', 'completed'] as const) {
  test(`a refused ${message} is followed by a terminate, and the counterparty gets the reason`, async (t) => {
    const bench = await startBench(t);
    const { simulator } = bench;
    const { id } = simulator.startTransfer({ assetId: 'weather' });
    await simulator.waitFor(id, 'STARTED');
    bench.script = (seen) => (seen.message === message ? { status: 400 } : answerReady(seen));
    if (message === 'completed') assert.ok(simulator.complete(id));
    else assert.ok(simulator.suspend(id));
    if (message === 'resume') {
      await simulator.waitFor(id, 'SUSPENDED');
      assert.ok(simulator.resume(id));
    }
    const { counterparty } = await simulator.waitFor(id, 'TERMINATED');
    assert.match(counterparty.reason ?? '', /400/);
    assert.deepEqual(names(bench).slice(-2), [message, 'terminate']);
  });
}

test('a dropped connection is followed by the same bytes, and no answer at all by the end of the transfer', async (t) => {
  const bench = await startBench(t, { retryDelaysMillis: [0, 0] });
  bench.script = (_seen, index) => (index < 2 ? 'drop' : status('STARTING'));
  const { id } = bench.simulator.startTransfer({ assetId: 'weather' });
  await bench.simulator.waitFor(id, 'STARTUP_REQUESTED');
  assert.equal(bench.seen.length, 3);
  assert.equal(new Set(bench.seen.map(({ body }) => body)).size, 1);
  bench.script = () => 'drop';
  const lost = bench.simulator.startTransfer({ assetId: 'weather' });
  const { counterparty, sent } = await bench.simulator.waitFor(lost.id, 'TERMINATED');
  assert.deepEqual([counterparty.state, sent.start, sent.terminate], ['TERMINATED', 3, 0]);
});

test('a lost answer is followed by the same bytes', async (t) => {
  const bench = await startBench(t);
  bench.simulator.dropAnswers(1);
  const { id } = bench.simulator.startTransfer({ assetId: 'weather' });
  await bench.simulator.waitFor(id, 'STARTED');
  assert.equal(bench.seen.length, 2);
  assert.equal(bench.seen[0]?.body, bench.seen[1]?.body);
});

test('a message repeated on demand is the same bytes, a renewed one has another id, and neither moves the transfer', async (t) => {
  const bench = await startBench(t);
  const { simulator } = bench;
  const { id } = simulator.startTransfer({ assetId: 'weather' });
  await simulator.waitFor(id, 'STARTED');
  const results = await simulator.repeat(id, { message: 'start', times: 3 });
  assert.equal(results.length, 3);
  await simulator.repeat(id, { message: 'start', renew: true });
  const ids = bench.seen.map(({ body }) => (JSON.parse(body) as { messageId: string }).messageId);
  assert.deepEqual(
    ids.map((one) => ids.indexOf(one)),
    [0, 0, 0, 0, 4],
  );
  assert.equal(simulator.process(id).state, 'STARTED');
});

test('a connector that lost the answer sends a start of the same transfer with another id', async (t) => {
  const bench = await startBench(t);
  bench.script = answerLater;
  const { simulator } = bench;
  const { id } = simulator.startTransfer({ assetId: 'weather' });
  await simulator.waitFor(id, 'STARTUP_REQUESTED');
  assert.ok(simulator.resend(id));
  await simulator.waitFor(id, ({ state, sent }) => state === 'STARTUP_REQUESTED' && sent.start === 2);
  const [first, second] = bench.seen.map(({ body }) => JSON.parse(body) as Record<string, string>);
  assert.equal(first?.['processId'], second?.['processId']);
  assert.notEqual(first?.['messageId'], second?.['messageId']);
});

test('the next release names a profile, no callback address, and the claims', async (t) => {
  const bench = await startBench(t, { release: 'rc3-signaling' });
  const { simulator } = bench;
  const claims = { client_id: 'consumer', role: 'researcher' };
  const { id } = simulator.startTransfer({ assetId: 'weather', claims, metadata: { year: 2024 } });
  await simulator.waitFor(id, 'STARTED');
  const members = JSON.parse(bench.seen[0]?.body ?? '') as Record<string, unknown>;
  assert.deepEqual(Object.keys(members), [
    ...['messageId', 'participantId', 'counterPartyId', 'dataspaceContext', 'processId', 'agreementId'],
    ...['datasetId', 'callbackAddress', 'profile', 'labels', 'metadata', 'claims'],
  ]);
  assert.equal(members['callbackAddress'], null);
  assert.deepEqual(
    [members['profile'], members['metadata'], members['claims']],
    ['HttpData-PULL', { year: 2024 }, claims],
  );
});

test('a resume has the own address only after a synchronous start, and always the id of no process', async (t) => {
  const resumed: Record<string, unknown>[] = [];
  for (const script of [answerReady, answerLater]) {
    const bench = await startBench(t);
    const { simulator } = bench;
    const dataAddress = addressOf('http://data/');
    bench.script = (seen) =>
      seen.message === 'start' && script === answerReady ? status('STARTED', { dataAddress }) : script(seen);
    const { id } = simulator.startTransfer({ assetId: 'weather' });
    if (script === answerLater) {
      await simulator.waitFor(id, 'STARTUP_REQUESTED');
      await callBack(bench, `${id}/started`, { state: 'STARTED', dataAddress });
    }
    await simulator.waitFor(id, 'STARTED');
    assert.ok(simulator.suspend(id));
    await simulator.waitFor(id, 'SUSPENDED');
    assert.ok(simulator.resume(id));
    await simulator.waitFor(id, ({ sent, state }) => sent.resume === 1 && state === 'STARTED');
    const message = JSON.parse(bench.seen.at(-1)?.body ?? '') as Record<string, unknown>;
    assert.notEqual(message['processId'], id);
    resumed.push(message);
  }
  assert.deepEqual(
    resumed.map((message) => 'dataAddress' in message),
    [true, false],
  );
});

test('messages carry an Authorization if the connector has one', async (t) => {
  const bench = await startBench(t, { authorization: () => 'Bearer token' });
  const { id } = bench.simulator.startTransfer({ assetId: 'weather' });
  await bench.simulator.waitFor(id, 'STARTED');
  assert.deepEqual(bench.seen[0]?.rawHeaders.slice(0, 2), ['Authorization', 'Bearer token']);
});

test('0.16 sends no claims, swaps the participants of a start, and cannot resume', async (t) => {
  const bench = await startBench(t, { release: '0.16.0-signaling' });
  const { id } = bench.simulator.startTransfer({ assetId: 'weather' });
  await bench.simulator.waitFor(id, 'STARTED');
  const start = JSON.parse(bench.seen[0]?.body ?? '') as Record<string, unknown>;
  assert.deepEqual([start['participantId'], start['counterPartyId']], ['consumer', 'provider']);
  assert.ok(!('claims' in start));
  assert.equal(bench.simulator.suspend(id), true);
  await bench.simulator.waitFor(id, 'SUSPENDED');
  assert.equal(bench.simulator.resume(id), false);
});
