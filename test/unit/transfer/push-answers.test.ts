import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pushResults } from '../../../src/transfer/push-results.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { huge, large, limits, PauseClock, pushOf, resultsInMemory, signal } from './pushes.ts';
import { startSink, take } from './sinks.ts';

const small = { a: Buffer.from('bytes') };

test('a sink that fails some times is asked again after growing pauses, and once more than it failed', async (t) => {
  const results = resultsInMemory(small);
  const sink = await startSink(t, (one, received) => take(one, received, one.number < 4 ? 500 : 200));
  const clock = new PauseClock();
  const push = pushOf(results, { sink: { url: sink.url, headers: {} }, clock });
  assert.deepEqual(await pushResults(push, signal), { result: 'done', bytes: 5, attempts: 4 });
  assert.equal(sink.requests.length, 4);
  assert.equal(clock.pauses.length, 3);
  for (const [index, pause] of clock.pauses.entries()) {
    const middle = limits.backOff.firstMillis * 2 ** index;
    assert.ok(pause >= middle * 0.75 && pause <= middle * 1.25, `pause ${index} was ${pause}`);
  }
});

test('a sink that always fails is left after the last attempt, without a pause behind it', async (t) => {
  const results = resultsInMemory(small);
  const sink = await startSink(t, (one, received) => take(one, received, 502));
  const clock = new PauseClock();
  const push = pushOf(results, { sink: { url: sink.url, headers: {} }, clock });
  assert.deepEqual(await pushResults(push, signal), {
    result: 'interrupted',
    problem: 'the sink answered 502',
    attempts: limits.attempts,
  });
  assert.equal(sink.requests.length, limits.attempts);
  assert.equal(clock.pauses.length, limits.attempts - 1);
  assert.equal(clock.sleeping, 0);
});

for (const status of [408, 425, 429, 500, 503, 504]) {
  test(`${status} is transient`, async (t) => {
    const results = resultsInMemory(small);
    const sink = await startSink(t, (one, received) => take(one, received, one.number === 1 ? status : 200));
    const push = pushOf(results, { sink: { url: sink.url, headers: {} } });
    assert.deepEqual(await pushResults(push, signal), { result: 'done', bytes: 5, attempts: 2 });
  });
}

for (const status of [301, 307, 400, 401, 403, 404, 409, 410, 413, 422]) {
  test(`${status} is final: exactly one request`, async (t) => {
    const results = resultsInMemory(small);
    const sink = await startSink(t, ({ request, response }) => {
      request.resume().once('end', () => {
        response.writeHead(status, { location: '/elsewhere' }).end('not\r\nhere');
      });
    });
    const push = pushOf(results, { sink: { url: sink.url, headers: {} } });
    const end = await pushResults(push, signal);
    const problem = status < 400 ? 'redirects are not followed' : 'not here';
    assert.deepEqual(end, {
      result: 'failed',
      problem: `the sink answered ${status}: ${problem}`,
      attempts: 1,
    });
    assert.equal(sink.requests.length, 1);
  });
}

for (const { name, header, least, most } of [
  { name: 'is honoured', header: '20', least: 20_000, most: 20_000 },
  { name: 'is cut to the bound', header: '86400', least: 60_000, most: 60_000 },
  { name: 'of a past date is none', header: 'Wed, 21 Oct 2015 07:28:00 GMT', least: 750, most: 1250 },
  { name: 'that is no time is none', header: 'soon', least: 750, most: 1250 },
  { name: 'that is shorter than the back-off is none', header: '0', least: 750, most: 1250 },
]) {
  test(`a Retry-After ${name}`, async (t) => {
    const results = resultsInMemory(small);
    const sink = await startSink(t, (one, received) => {
      one.response.setHeader('retry-after', header);
      return take(one, received, one.number === 1 ? 503 : 200);
    });
    const clock = new PauseClock();
    const push = pushOf(results, { sink: { url: sink.url, headers: {} }, clock });
    assert.equal((await pushResults(push, signal)).result, 'done');
    const [pause = 0] = clock.pauses;
    assert.ok(pause >= least && pause <= most, `${pause}`);
  });
}

test('a sink that refuses without reading gets little more than its first bytes', async (t) => {
  const results = resultsInMemory({ a: huge });
  const sink = await startSink(t, ({ response }) => {
    response.writeHead(401, { connection: 'close' }).end('who are you?');
  });
  const sent: number[] = [];
  const push = pushOf(results, {
    sink: { url: sink.url, headers: {} },
    onProgress: (bytes) => sent.push(bytes),
  });
  const end = await pushResults(push, signal);
  assert.equal(end.result, 'failed');
  assert.equal(end.problem, 'the sink answered 401: who are you?');
  // Bytes that are under way when the sink closes may destroy its answer; the second attempt waits for it.
  assert.ok(sink.requests.length <= 2, `${sink.requests.length} requests`);
  assert.ok(Math.max(...sent) < huge.length);
});

test('a success before the sink has read all bytes is a failure', async (t) => {
  const results = resultsInMemory({ a: huge });
  const sink = await startSink(t, ({ response }) => response.writeHead(200).end());
  const push = pushOf(results, { sink: { url: sink.url, headers: {} } });
  const end = await pushResults(push, signal);
  assert.equal(end.result, 'failed');
  assert.match(end.problem, /^the sink answered 200 after \d+ of 41943040 bytes$/);
});

test('a sink that answers while it reads, with more than is kept, gets all bytes', async (t) => {
  const results = resultsInMemory({ a: large });
  const lengths: number[] = [];
  const sink = await startSink(t, ({ request, response }) => {
    let length = 0;
    request.on('data', (part: Buffer) => (length += part.length)).once('end', () => lengths.push(length));
    request.pipe(response);
  });
  const push = pushOf(results, { sink: { url: sink.url, headers: {} } });
  assert.deepEqual(await pushResults(push, signal), { result: 'done', bytes: large.length, attempts: 1 });
  assert.deepEqual(lengths, [large.length]);
});

test('a success that breaks off is none: the sink may not have read all that was sent', async (t) => {
  const results = resultsInMemory({ a: large });
  const sink = await startSink(t, (one, received) => {
    if (one.number > 1) return take(one, received);
    const { request, response } = one;
    request.resume().once('end', () => {
      response
        .writeHead(200, { 'content-length': '10' })
        .write('part', () => request.socket.resetAndDestroy());
    });
    return undefined;
  });
  const push = pushOf(results, { sink: { url: sink.url, headers: {} } });
  assert.deepEqual(await pushResults(push, signal), { result: 'done', bytes: large.length, attempts: 2 });
  assert.ok(sink.requests[1]?.body?.equals(large));
});

test('an answer that repeats the secrets of the sink shows none of them', async (t) => {
  const results = resultsInMemory(small);
  const secrets = { path: 'capability-0123456789', query: 'q-s3cret', token: 't0ken-of-the-sink' };
  const sink = await startSink(t, ({ request, response }) => {
    request.resume();
    const padding = 'x'.repeat(250);
    response.writeHead(403).end(`${String(request.headers.authorization)} ${request.url ?? ''} ${padding}`);
  });
  const push = pushOf(results, {
    sink: {
      url: `${sink.url}/${secrets.path}?key=${secrets.query}`,
      headers: { authorization: `Bearer ${secrets.token}` },
    },
  });
  const end = await pushResults(push, signal);
  assert.equal(end.result, 'failed');
  assert.match(end.problem, /^the sink answered 403: .*\[redacted\]/);
  for (const secret of Object.values(secrets)) assert.ok(!end.problem.includes(secret), end.problem);
});

test('a sink that is out of reach is tried as often as allowed, its query is not shown, and nothing stays open', async (t) => {
  const results = resultsInMemory({ a: large });
  const sink = await startSink(t, () => undefined);
  const { port } = new URL(sink.url);
  const closed = `http://127.0.0.2:${port}/inbox?sig=0123456789abcdef`;
  const push = pushOf(results, { sink: { url: closed, headers: {} } });
  const end = await pushResults(push, signal);
  assert.equal(end.result, 'interrupted');
  assert.equal(end.attempts, limits.attempts);
  assert.match(end.problem, /^no answer of the sink: .*ECONNREFUSED/);
  assert.ok(!end.problem.includes('0123456789abcdef'));
  await waitUntil('nothing is read', () => results.store.open.size === 0);
});

test('a request that cannot be sent is not tried again', async () => {
  const results = resultsInMemory(small);
  const sink = { url: 'http://127.0.0.1:1/', headers: { authorization: 'Bearer\nbroken-token' } };
  const end = await pushResults(pushOf(results, { sink }), signal);
  assert.equal(end.result, 'failed');
  assert.equal(end.attempts, 1);
  assert.ok(!end.problem.includes('broken-token'));
});
