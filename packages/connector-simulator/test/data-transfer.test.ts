import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { httpAddress, requestedTransfer, sourceBytes, startBench } from './scripted-provisioner.ts';

test('a push delivers the bytes of the address to the sink file and completes', async (t) => {
  const bench = await startBench(t);
  const bytes = randomBytes(5_000_003);
  bench.source = (_request, response) => response.end(bytes);
  const { id, callBack } = await requestedTransfer(bench);
  await callBack();
  const process = await bench.simulator.waitFor(id, 'COMPLETED');
  const [received, ...more] = bench.simulator.received(id);
  assert.ok(received);
  assert.deepEqual(more, []);
  assert.equal(received.bytes, bytes.length);
  assert.equal(received.sha256, createHash('sha256').update(bytes).digest('hex'));
  assert.deepEqual(await readFile(received.path), bytes);
  assert.deepEqual(process.consumer, { state: 'COMPLETED' });
});

test('the source sees a GET with the address headers, byte-identical query and no Range', async (t) => {
  const bench = await startBench(t);
  let seen: IncomingMessage | undefined;
  bench.source = (request, response) => {
    seen = request;
    response.end();
  };
  const { id, callBack } = await requestedTransfer(bench);
  const target = "/a%2Fb+c/%20?X-Signature=a%2Fb%2Bc%3D&x=it's";
  const more = { 'header:x-one': '1', authKey: 'Authorization', authCode: 'Bearer token' };
  await callBack({ contentDataAddress: httpAddress(`${bench.origin}${target}`, more) });
  await bench.simulator.waitFor(id, 'COMPLETED');
  assert.equal(seen?.method, 'GET');
  assert.equal(seen.url, target.replace("'", '%27'));
  assert.equal(seen.headers['x-one'], '1');
  assert.equal(seen.headers.authorization, 'Bearer token');
  assert.equal(seen.headers['accept-encoding'], 'gzip');
  assert.equal(seen.headers.range, undefined);
});

test('a compressed answer arrives decompressed', async (t) => {
  const bench = await startBench(t);
  bench.source = (_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(sourceBytes));
  };
  const { id, callBack } = await requestedTransfer(bench);
  await callBack();
  await bench.simulator.waitFor(id, 'COMPLETED');
  assert.deepEqual(await readFile(bench.simulator.received(id)[0]?.path ?? ''), sourceBytes);
});

for (const [status, text] of [
  [302, 'Found'],
  [404, 'Not Found'],
  [502, 'Bad Gateway'],
] as const) {
  test(`a source that answers ${status} is asked once and ends the transfer`, async (t) => {
    const bench = await startBench(t);
    bench.source = (_request, response) => response.writeHead(status, { location: '/' }).end('no');
    const { id, callBack } = await requestedTransfer(bench);
    await callBack();
    const process = await bench.simulator.waitFor(id, 'DEPROVISIONED');
    assert.equal(process.errorDetail, `Received code transferring HTTP data: ${status} - ${text}.`);
    assert.equal(process.counts.source, 1);
    assert.equal(process.consumer.state, 'TERMINATED');
    assert.equal(bench.seen.length, 2, 'the deprovision request comes');
  });
}

test('a source that breaks off in the middle ends the transfer, and nothing counts as received', async (t) => {
  const bench = await startBench(t);
  bench.source = (_request, response) => {
    response.writeHead(200, { 'content-length': '1000' }).write('half', () => response.destroy());
  };
  const { id, callBack } = await requestedTransfer(bench);
  await callBack();
  const process = await bench.simulator.waitFor(id, 'TERMINATED');
  assert.notEqual(process.errorDetail, undefined);
  assert.deepEqual(bench.simulator.received(id), []);
});

test('a source that is away for a moment is asked again', async (t) => {
  const bench = await startBench(t);
  let asked = 0;
  bench.source = (_request, response) => {
    asked += 1;
    if (asked < 3) response.destroy();
    else response.end(sourceBytes);
  };
  const { id, callBack } = await requestedTransfer(bench);
  await callBack();
  await bench.simulator.waitFor(id, 'COMPLETED');
  assert.equal(asked, 3);
});

test('a pull is fetched when and as often as the consumer asks, and completes when it says so', async (t) => {
  const bench = await startBench(t);
  const { id, callBack } = await requestedTransfer(bench, 'pull');
  await callBack();
  await bench.simulator.waitFor(id, 'STARTED');
  assert.equal(bench.simulator.process(id).counts.source, 0);
  const first = await bench.simulator.pull(id);
  const second = await bench.simulator.pull(id);
  assert.equal(first.sha256, second.sha256);
  assert.equal(bench.simulator.received(id).length, 2);
  bench.simulator.complete(id);
  await bench.simulator.waitFor(id, 'DEPROVISIONED');
  await assert.rejects(bench.simulator.pull(id), /no started pull/);
});

test('a failed pull is an error for the consumer only', async (t) => {
  const bench = await startBench(t);
  bench.source = (_request, response) => response.writeHead(410).end();
  const { id, callBack } = await requestedTransfer(bench, 'pull');
  await callBack();
  await bench.simulator.waitFor(id, 'STARTED');
  await assert.rejects(bench.simulator.pull(id), /410 - Gone/);
  assert.equal(bench.simulator.process(id).state, 'STARTED');
});

test('stop ends a transfer in the middle of its bytes', async (t) => {
  const bench = await startBench(t);
  const asked = Promise.withResolvers<IncomingMessage>();
  bench.source = (request, response) => {
    response.writeHead(200).write('endless');
    asked.resolve(request);
  };
  const { callBack } = await requestedTransfer(bench);
  await callBack();
  const request = await asked.promise;
  const closed = new Promise((resolve) => request.socket.once('close', resolve));
  await bench.simulator.stop();
  await closed;
});
