import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { startHttpSink, type HttpSink, type SinkOptions } from '../../src/signaling/http-sink.ts';
import { addressOf, answerReady, callBack, startBench, status } from './scripted-data-plane.ts';

const bytes = Buffer.alloc(100_000, 'what the job made');

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

test('the consumer of a pull fetches from the address of the answer with its token, before and after a resume', async (t) => {
  const bench = await startBench(t);
  const { simulator } = bench;
  const tokens: (string | undefined)[] = [];
  bench.source = (request, response) => {
    tokens.push(request.headers.authorization);
    response.end(bytes);
  };
  bench.script = (seen) => {
    const dataAddress = addressOf(`${bench.origin}/data`, seen.message === 'start' ? 'first' : 'renewed');
    return seen.message === 'suspend' ? { status: 200 } : status('STARTED', { dataAddress });
  };
  const { id } = simulator.startTransfer({ assetId: 'weather' });
  await simulator.waitFor(id, 'STARTED');
  const fetched = await simulator.pull(id);
  assert.deepEqual(
    [fetched.status, fetched.bytes, fetched.sha256, fetched.content],
    [200, bytes.length, sha256(bytes), undefined],
  );
  assert.ok(simulator.suspend(id));
  await simulator.waitFor(id, 'SUSPENDED');
  assert.ok(simulator.resume(id));
  await simulator.waitFor(id, ({ state, sent }) => state === 'STARTED' && sent.resume === 1);
  const { content } = await simulator.pull(id, { keep: true, headers: { range: 'bytes=0-' } });
  assert.deepEqual(content, bytes);
  // The address of a resume does not reach the consumer.
  assert.deepEqual(tokens, ['Bearer first', 'Bearer first']);
  assert.equal(simulator.exchanges({ kind: 'source' }).length, 2);
});

test('a fetch returns an answer of any status, and throws if the connection is lost', async (t) => {
  const bench = await startBench(t);
  const { simulator } = bench;
  const dataAddress = addressOf(`${bench.origin}/data`);
  bench.script = () => status('STARTED', { dataAddress });
  bench.source = (_request, response) => response.writeHead(403).end('no');
  const { id } = simulator.startTransfer({ assetId: 'weather' });
  await simulator.waitFor(id, 'STARTED');
  assert.equal((await simulator.pull(id)).status, 403);
  bench.source = (_request, response) => {
    response.writeHead(200, { 'content-length': 1000 });
    response.write('half', () => response.destroy());
  };
  await assert.rejects(simulator.pull(id));
});

test('a consumer pulls from the address that the provider started it with', async (t) => {
  const bench = await startBench(t, { side: 'consumer' });
  const { simulator } = bench;
  const { id } = simulator.startTransfer({ assetId: 'weather' });
  await simulator.waitFor(id, 'REQUESTED');
  await assert.rejects(simulator.pull(id), /no address/);
  const properties = { authorization: 'token-1', authType: 'bearer' };
  const address = { endpointType: 'https://w3id.org/idsa/v4.1/HTTP', endpoint: bench.origin, properties };
  assert.ok(simulator.startByProvider(id, address));
  assert.equal(simulator.startByProvider(id, address), false);
  await simulator.waitFor(id, 'STARTED');
  assert.equal((await simulator.pull(id)).status, 200);
});

async function startSink(t: TestContext, options: SinkOptions = {}): Promise<HttpSink> {
  const sink = await startHttpSink(options);
  t.after(() => sink.stop());
  return sink;
}

function upload(sink: HttpSink, init: RequestInit = {}): Promise<Response> {
  return fetch(sink.address().endpoint ?? '', { method: 'PUT', body: bytes, ...init });
}

test('a push goes to the sink that the start message names, and is completed', async (t) => {
  const sink = await startSink(t, { token: 'secret' });
  const bench = await startBench(t);
  const { simulator } = bench;
  bench.script = answerReady;
  const { id } = simulator.startTransfer({ assetId: 'weather', mode: 'push', dataAddress: sink.address() });
  await simulator.waitFor(id, 'STARTED');
  const { dataAddress } = JSON.parse(bench.seen[0]?.body ?? '') as {
    dataAddress: { endpoint: string; endpointProperties: { name: string; value: string }[] };
  };
  const token = dataAddress.endpointProperties.find(({ name }) => name === 'authorization')?.value;
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(dataAddress.endpoint, { method: 'POST', body: bytes, headers });
  assert.equal(response.status, 200);
  assert.equal((await callBack(bench, `${id}/completed`)).status, 200);
  await simulator.waitFor(id, 'COMPLETED');
  const { method, path, status: answered, complete, ...measured } = await sink.waitFor();
  assert.deepEqual([method, path, answered, complete], ['POST', '/sink', 200, true]);
  assert.deepEqual([measured.bytes, measured.sha256], [bytes.length, sha256(bytes)]);
});

test('a sink refuses another token and another method, and counts what came', async (t) => {
  const sink = await startSink(t, { token: 'secret' });
  assert.equal((await upload(sink)).status, 401);
  assert.equal((await fetch(sink.origin)).status, 405);
  assert.deepEqual(
    sink.uploads.map((one) => [one.status, one.bytes]),
    [
      [401, bytes.length],
      [405, 0],
    ],
  );
});

for (const afterBytes of [0, 70_000]) {
  test(`a sink drops a connection after ${afterBytes} bytes, and takes the next one whole`, async (t) => {
    const ends: boolean[] = [];
    const sink = await startSink(t, { keep: true, onUpload: ({ complete }) => ends.push(complete) });
    sink.misbehave({ kind: 'drop', afterBytes }, 1);
    await assert.rejects(upload(sink));
    const dropped = await sink.waitFor(({ complete }) => !complete);
    assert.deepEqual([dropped.bytes, dropped.status], [afterBytes, undefined]);
    assert.deepEqual(dropped.content, bytes.subarray(0, afterBytes));
    assert.equal((await upload(sink)).status, 200);
    assert.deepEqual((await sink.waitFor()).content, bytes);
    assert.deepEqual(ends, [false, true]);
  });
}

test('a sink answers any status, after the whole body or a part of it', async (t) => {
  const sink = await startSink(t, { status: 201 });
  sink.misbehave({ kind: 'status', status: 507, body: 'full' }, 1);
  const response = await upload(sink);
  assert.deepEqual([response.status, await response.text()], [507, 'full']);
  sink.misbehave({ kind: 'status', status: 413, afterBytes: 10 }, 1);
  assert.equal((await upload(sink)).status, 413);
  assert.equal((await upload(sink)).status, 201);
  assert.deepEqual(
    sink.uploads.map((one) => [one.status, one.complete]),
    [
      [507, true],
      [413, false],
      [201, true],
    ],
  );
});

test('a sink that hangs in the middle of an upload reads no more', async (t) => {
  const sink = await startSink(t);
  sink.misbehave({ kind: 'hang', afterBytes: 10 }, 1);
  const leaving = new AbortController();
  const big = Buffer.alloc(16 * 1024 * 1024);
  const unanswered = assert.rejects(upload(sink, { body: big, signal: leaving.signal }));
  const { bytes: received, complete, status: answered } = await sink.waitFor(() => true);
  assert.deepEqual([received, complete, answered], [10, false, undefined]);
  leaving.abort();
  await unanswered;
  assert.equal((await upload(sink)).status, 200);
});

test('a sink that hangs has all and answers nothing until it stops', async (t) => {
  const sink = await startHttpSink();
  t.after(() => sink.stop().catch(() => undefined));
  sink.misbehave({ kind: 'hang' });
  const unanswered = assert.rejects(upload(sink));
  const { complete, status: answered } = await sink.waitFor();
  assert.deepEqual([complete, answered, sink.open], [true, undefined, 1]);
  await sink.stop();
  await unanswered;
  assert.equal(sink.open, 0);
});

test('faults of the next uploads come in their order, and before one that stays', async (t) => {
  const sink = await startHttpSink();
  t.after(() => sink.stop());
  sink.misbehave({ kind: 'status', status: 503 });
  sink.misbehaveNext({ kind: 'status', status: 409 }, { kind: 'status', status: 403 });
  const statuses: number[] = [];
  for (let index = 0; index < 4; index += 1)
    statuses.push((await fetch(`${sink.origin}/sink`, { method: 'POST', body: 'bytes' })).status);
  assert.deepEqual(statuses, [409, 403, 503, 503]);
  assert.equal(sink.uploads.length, 4);
});
