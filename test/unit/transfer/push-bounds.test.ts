import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { fileKey } from '../../../src/result/manifest.ts';
import { pushResults } from '../../../src/transfer/push-results.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { attempt, flow, type MemoryStore } from '../result/stored-results.ts';
import { huge, large, PauseClock, pushOf, resultsInMemory, signal } from './pushes.ts';
import { dropAfter, startSink, take } from './sinks.ts';

const oneAttempt = { attempts: 1, idleMillis: 60_000, totalMillis: 600_000 };

/** Waits until the connection takes no more bytes. */
async function untilStalled(sent: () => number): Promise<number> {
  let last = -1;
  return await waitUntil(
    'the connection takes no more bytes',
    () => {
      const now = sent();
      const isStalled = now > 0 && now === last;
      last = now;
      return isStalled && now;
    },
    { everyMs: 200 },
  );
}

/** A sink that reads nothing before its gate opens. */
async function startGatedSink(t: TestContext) {
  const gate = Promise.withResolvers<undefined>();
  const sink = await startSink(t, async (one, received) => {
    await gate.promise;
    await take(one, received);
  });
  return { sink, gate };
}

test('a sink that never reads holds no more than buffers, and loses its connection after the idle time', async (t) => {
  const results = resultsInMemory({ a: huge });
  const sink = await startSink(t, () => undefined);
  const clock = new FakeClock();
  let sent = 0;
  const push = pushOf(results, {
    sink: { url: sink.url, headers: {} },
    limits: oneAttempt,
    clock,
    onProgress: (bytes) => (sent = bytes),
  });
  const pushing = pushResults(push, signal);
  assert.ok((await untilStalled(() => sent)) < huge.length / 2, 'read no further than the buffers');
  await clock.advance(60_000);
  assert.deepEqual(await pushing, {
    result: 'interrupted',
    problem: 'the sink took no byte and gave no answer for 60 s',
    attempts: 1,
  });
  await sink.untilClosed();
  assert.equal(results.store.open.size, 0);
});

test('the memory of a chunk is given back when the connection has taken it, and not before', async (t) => {
  const bytes = randomBytes(huge.length);
  const results = resultsInMemory({ a: bytes });
  const chunks: Buffer[] = [];
  const get = results.store.get.bind(results.store);
  results.store.get = async (...read) =>
    (await get(...read)).on('data', (chunk: Buffer) => chunks.push(chunk));
  const { sink, gate } = await startGatedSink(t);
  let sent = 0;
  const progress = { onProgress: (now: number) => (sent = now) };
  const pushing = pushResults(pushOf(results, { sink: { url: sink.url, headers: {} }, ...progress }), signal);
  await untilStalled(() => sent);
  assert.notEqual(chunks.filter(({ length }) => length > 0).length, 0, 'the chunk that waits is kept');
  gate.resolve(undefined);
  assert.equal((await pushing).result, 'done');
  assert.ok(sink.requests[0]?.body?.equals(bytes));
  assert.equal(Math.max(...chunks.map(({ length }) => length)), 0);
});

test('a slow sink that goes on taking bytes is not cut off', async (t) => {
  const results = resultsInMemory({ a: huge });
  const { sink, gate } = await startGatedSink(t);
  const clock = new FakeClock();
  let sent = 0;
  const push = pushOf(results, {
    sink: { url: sink.url, headers: {} },
    limits: oneAttempt,
    clock,
    onProgress: (bytes) => (sent = bytes),
  });
  const pushing = pushResults(push, signal);
  const before = await untilStalled(() => sent);
  await clock.advance(59_999);
  gate.resolve(undefined);
  await waitUntil('the sink has taken more', () => sent > before);
  await clock.advance(2);
  assert.deepEqual(await pushing, { result: 'done', bytes: huge.length, attempts: 1 });
});

test('a sink that reads all and never answers is left after the idle time', async (t) => {
  const results = resultsInMemory({ a: large });
  const read = Promise.withResolvers<undefined>();
  const sink = await startSink(t, ({ request }) => {
    request.resume().once('end', () => {
      read.resolve(undefined);
    });
  });
  const clock = new FakeClock();
  const push = pushOf(results, { sink: { url: sink.url, headers: {} }, limits: oneAttempt, clock });
  const pushing = pushResults(push, signal);
  await read.promise;
  await clock.advance(60_000);
  const end = await pushing;
  assert.equal(end.result, 'interrupted');
  assert.equal(end.problem, 'the sink took no byte and gave no answer for 60 s');
  await sink.untilClosed();
});

test('a store that never answers ends the attempt before the sink is asked', async (t) => {
  const results = resultsInMemory({ a: large });
  const asked = Promise.withResolvers<undefined>();
  results.store.get = (_key, _part, until) => {
    asked.resolve(undefined);
    return new Promise((_, reject) => {
      until.addEventListener('abort', () => {
        reject(until.reason as Error);
      });
    });
  };
  const sink = await startSink(t, take);
  const clock = new FakeClock();
  const push = pushOf(results, { sink: { url: sink.url, headers: {} }, limits: oneAttempt, clock });
  const pushing = pushResults(push, signal);
  await asked.promise;
  await clock.advance(60_000);
  assert.deepEqual(await pushing, {
    result: 'interrupted',
    problem: 'the store gave no byte for 60 s',
    attempts: 1,
  });
  assert.equal(sink.requests.length, 0);
});

test('the whole push ends at its deadline, though the sink goes on taking bytes', async (t) => {
  const results = resultsInMemory({ a: huge });
  const arrived = Promise.withResolvers<undefined>();
  const sink = await startSink(t, () => {
    arrived.resolve(undefined);
  });
  const clock = new FakeClock();
  const bounds = { attempts: 100, idleMillis: 1e9, totalMillis: 600_000 };
  const push = pushOf(results, { sink: { url: sink.url, headers: {} }, limits: bounds, clock });
  const pushing = pushResults(push, signal);
  await arrived.promise;
  await clock.advance(600_000);
  assert.deepEqual(await pushing, {
    result: 'interrupted',
    problem: 'the time for the whole push is over',
    attempts: 1,
  });
  await sink.untilClosed();
});

test('a pause that would go beyond the deadline is not begun', async (t) => {
  const results = resultsInMemory({ a: Buffer.from('bytes') });
  const sink = await startSink(t, (one, received) => {
    one.response.setHeader('retry-after', '1500');
    return take(one, received, 503);
  });
  const clock = new PauseClock();
  const bounds = { totalMillis: 1_200_000, retryAfterMillis: 2_000_000 };
  const push = pushOf(results, { sink: { url: sink.url, headers: {} }, limits: bounds, clock });
  const problem = 'the sink answered 503';
  assert.deepEqual(await pushResults(push, signal), { result: 'interrupted', problem, attempts: 1 });
  assert.deepEqual(clock.pauses, []);
});

for (const { name, sinkReads } of [
  { name: 'while the sink reads', sinkReads: true },
  { name: 'while the sink does not read', sinkReads: false },
]) {
  test(`an abort ${name} closes the connection and all reads at once`, async (t) => {
    const results = resultsInMemory({ a: huge });
    const sink = await startSink(
      t,
      ({ request }) => sinkReads && request.once('data', () => request.pause()),
    );
    const stop = new AbortController();
    const clock = new PauseClock();
    const moved = Promise.withResolvers<undefined>();
    const push = pushOf(results, {
      sink: { url: sink.url, headers: {} },
      clock,
      onProgress: () => {
        moved.resolve(undefined);
      },
    });
    const pushing = pushResults(push, stop.signal);
    await moved.promise;
    await waitUntil('the request has arrived', () => sink.requests.length === 1);
    stop.abort(new Error('stopped by hand'));
    await assert.rejects(pushing, /stopped by hand/);
    await sink.untilClosed();
    await waitUntil('nothing is read', () => results.store.open.size === 0);
    assert.equal(clock.sleeping, 0);
    assert.equal(sink.requests.length, 1, 'no other attempt');
  });
}

test('an abort during a pause ends the push without another request', async (t) => {
  const results = resultsInMemory({ a: Buffer.from('bytes') });
  const stop = new AbortController();
  const clock = new FakeClock();
  const sink = await startSink(t, (one, received) => take(one, received, 503));
  const push = pushOf(results, { sink: { url: sink.url, headers: {} }, clock });
  const answered = Promise.withResolvers<undefined>();
  const sleep = clock.sleep.bind(clock);
  clock.sleep = (millis, until) => {
    if (millis < 10_000) answered.resolve(undefined);
    return sleep(millis, until);
  };
  const pushing = pushResults(push, stop.signal);
  await answered.promise;
  stop.abort(new Error('stopped by hand'));
  await assert.rejects(pushing, /stopped by hand/);
  assert.equal(sink.requests.length, 1);
});

test('an aborted signal starts nothing', async (t) => {
  const results = resultsInMemory({ a: Buffer.from('bytes') });
  const sink = await startSink(t, take);
  const push = pushOf(results, { sink: { url: sink.url, headers: {} } });
  await assert.rejects(pushResults(push, AbortSignal.abort(new Error('stopped by hand'))), /stopped by hand/);
  assert.equal(sink.requests.length, 0);
  assert.deepEqual(results.store.reads, []);
});

function key(path: string): string {
  return fileKey(flow, attempt, path);
}

const faults: { name: string; spoil: (store: MemoryStore) => void }[] = [
  {
    name: 'is replaced',
    spoil: ({ objects }) => void objects.set(key('b'), randomBytes(1024 * 1024)),
  },
  { name: 'is deleted', spoil: ({ objects }) => void objects.delete(key('b')) },
  {
    name: 'has other bytes under the same tag',
    spoil(store) {
      const get = store.get.bind(store);
      store.get = async (name, part, until) => {
        const stream = await get(name, part, until);
        return name === key('b') ? stream.map((chunk: Buffer) => Buffer.alloc(chunk.length)) : stream;
      };
    },
  },
];

for (const { name, spoil } of faults) {
  test(`a file that ${name} in the middle of an archive fails the push: the connection breaks, and no part passes for the whole`, async (t) => {
    const results = resultsInMemory({ a: large, b: randomBytes(1024 * 1024), c: large });
    spoil(results.store);
    const broken = Promise.withResolvers<string>();
    const sink = await startSink(t, ({ request }) => {
      request.resume().once('end', () => {
        broken.resolve('whole');
      });
      request.once('close', () => {
        broken.resolve('broken');
      });
    });
    const push = pushOf(results, { sink: { url: sink.url, headers: {} } });
    const end = await pushResults(push, signal);
    assert.equal(end.result, 'failed');
    assert.match(end.problem, /^the results are not as the manifest says: /);
    assert.equal(end.attempts, 1);
    assert.equal(await broken.promise, 'broken');
    await waitUntil('nothing is read', () => results.store.open.size === 0);
  });
}

test('a store that ends early and comes back costs an attempt, not the push', async (t) => {
  const results = resultsInMemory({ a: large });
  const get = results.store.get.bind(results.store);
  let calls = 0;
  results.store.get = async (name, part, until) => {
    calls += 1;
    if (calls > 3) return await get(name, part, until);
    const stream = await get(name, { ...part, last: part.first + 64 * 1024 }, until);
    return calls === 1 ? stream : stream.take(0);
  };
  const sink = await startSink(t, take);
  const push = pushOf(results, { sink: { url: sink.url, headers: {} } });
  assert.deepEqual(await pushResults(push, signal), { result: 'done', bytes: large.length, attempts: 2 });
  assert.equal(sink.requests.filter(({ body }) => body !== undefined).length, 1);
  assert.ok(sink.requests.at(-1)?.body?.equals(large));
});

test('a manifest that promises more bytes than the store has fails the push', async (t) => {
  const results = resultsInMemory({ a: large });
  const [file] = results.stored.manifest.files;
  if (file !== undefined) file.size += 1;
  const sink = await startSink(t, (one) => dropAfter(one, Infinity));
  const push = pushOf(results, { sink: { url: sink.url, headers: {} }, limits: { attempts: 2 } });
  const end = await pushResults(push, signal);
  assert.equal(end.result, 'interrupted');
  assert.ok(sink.requests.every(({ headers }) => headers['content-length'] === String(large.length + 1)));
  assert.ok(sink.requests.every(({ body }) => body === undefined));
});

test('two sinks, one of which never reads: the other one gets its bytes', async (t) => {
  const results = resultsInMemory({ a: huge });
  const dead = await startSink(t, () => undefined);
  const live = await startSink(t, take);
  const stop = new AbortController();
  const waiting = pushResults(pushOf(results, { sink: { url: dead.url, headers: {} } }), stop.signal);
  const aborted = assert.rejects(waiting, /stopped by hand/);
  const push = pushOf(results, { sink: { url: live.url, headers: {} } });
  assert.equal((await pushResults(push, signal)).result, 'done');
  stop.abort(new Error('stopped by hand'));
  await aborted;
  await dead.untilClosed();
});
