import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerWith, requestedTransfer, startBench } from './scripted-provisioner.ts';

for (const status of [200, 201, 202, 204]) {
  test(`${status} accepts a provision request`, async (t) => {
    const bench = await startBench(t);
    bench.script = answerWith(status);
    await requestedTransfer(bench);
    assert.equal(bench.seen.length, 1);
  });
}

for (const status of [302, 400, 404, 409, 429, 505]) {
  test(`${status} ends the transfer after one provision request, and the consumer gets the reason`, async (t) => {
    const bench = await startBench(t);
    bench.script = (response) => {
      response.writeHead(status, { location: `${bench.origin}/elsewhere` }).end('{"detail":"never read"}');
    };
    const { id } = bench.simulator.startTransfer({ assetId: 'job-asset' });
    const ended = await bench.simulator.waitFor(id, 'DEPROVISIONED');
    assert.deepEqual(
      ended.history.map((entry) => entry.state),
      ['INITIAL', 'PROVISIONING', 'TERMINATING', 'TERMINATED', 'DEPROVISIONING', 'DEPROVISIONED'],
    );
    assert.match(ended.errorDetail ?? '', new RegExp(`received fatal error code: ${status}`));
    assert.equal(ended.consumer.state, 'TERMINATED');
    assert.equal(bench.seen.length, 1);
  });
}

for (const status of [500, 501, 503, 504]) {
  test(`${status} is sent again until it becomes a 200`, async (t) => {
    const bench = await startBench(t, { hotLoopGapMillis: 1 });
    bench.script = answerWith(...Array<number>(20).fill(status), 200);
    const { id } = await requestedTransfer(bench);
    assert.equal(bench.seen.length, 21);
    assert.equal(bench.simulator.process(id).counts.provision, 21);
    assert.equal(new Set(bench.seen.map((seen) => seen.body)).size, 1);
  });
}

test('a lost connection is repeated with the same body, beyond the pauses of the client', async (t) => {
  const bench = await startBench(t, { retryDelaysMillis: [0, 1] });
  bench.script = (response, index) => {
    if (index < 7) response.destroy();
    else response.end();
  };
  await requestedTransfer(bench);
  assert.equal(bench.seen.length, 8);
});

test('a request whose answer was dropped is sent again', async (t) => {
  const bench = await startBench(t);
  bench.simulator.dropAnswers(2);
  await requestedTransfer(bench);
  assert.equal(bench.seen.length, 3);
  const errors = bench.simulator.exchanges({ kind: 'provision' }).map((one) => one.status);
  assert.deepEqual(errors, [undefined, undefined, 200]);
});

test('a provisioner that does not answer holds up the other transfers until the time is over', async (t) => {
  const bench = await startBench(t, { answerTimeoutMillis: 300, retryDelaysMillis: [0, 1] });
  bench.script = (response, _index, seen) => {
    if (seen.message.transferProcessId !== 'silent') response.end();
  };
  bench.simulator.startTransfer({ assetId: 'job-asset', transferProcessId: 'silent' });
  bench.simulator.startTransfer({ assetId: 'job-asset', transferProcessId: 'neighbour' });
  await bench.simulator.waitFor('neighbour', 'PROVISIONING_REQUESTED');
  assert.deepEqual(
    bench.seen.slice(0, 3).map((seen) => seen.message.transferProcessId),
    ['silent', 'silent', 'neighbour'],
  );
  const first = bench.simulator.exchanges({ transferProcessId: 'silent' })[0];
  assert.equal(first?.error, 'timeout');
});

test('a provisioner that moves is found at its new address', async (t) => {
  const bench = await startBench(t, { provisionUrl: 'http://127.0.0.1:1/nobody' });
  const { id } = bench.simulator.startTransfer({ assetId: 'job-asset' });
  await bench.simulator.waitFor(id, (process) => process.counts.provision > 0);
  bench.simulator.provisionAt(`${bench.origin}/provision`);
  await bench.simulator.waitFor(id, 'PROVISIONING_REQUESTED');
});

test('repeats are sent all at once, and does not move the transfer', async (t) => {
  const bench = await startBench(t);
  const { id } = await requestedTransfer(bench);
  bench.script = answerWith(409);
  const results = await bench.simulator.repeat(id, { times: 50 });
  assert.equal(results.filter((one) => one.kind === 'answered' && one.status === 409).length, 50);
  assert.equal(new Set(bench.seen.map((seen) => seen.body)).size, 1);
  assert.equal(bench.simulator.process(id).state, 'PROVISIONING_REQUESTED');
});

test('a repeat may name another asset under the same ids', async (t) => {
  const bench = await startBench(t);
  const { id, resourceDefinitionId } = await requestedTransfer(bench);
  await bench.simulator.repeat(id, { assetId: 'other' });
  const message = bench.seen[1]?.message;
  assert.equal(message?.assetId, 'other');
  assert.equal(message.transferProcessId, id);
  assert.equal(message.resourceDefinitionId, resourceDefinitionId);
});

test('a connector that ended before saving sends its request again', async (t) => {
  const bench = await startBench(t);
  const { id } = await requestedTransfer(bench);
  bench.simulator.resend(id);
  await bench.simulator.waitFor(
    id,
    (process) => process.counts.provision === 2 && process.state === 'PROVISIONING_REQUESTED',
  );
  assert.equal(bench.seen[0]?.body, bench.seen[1]?.body);
});
