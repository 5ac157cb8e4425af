import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UploadResource } from '../../../src/flow/push.ts';
import { pushResults } from '../../../src/transfer/push-results.ts';
import { large, PauseClock, pushOf, resultsInMemory, signal, storedResults } from './pushes.ts';
import { dropAfter, offer, startSink, take, uploadResource } from './sinks.ts';

const half = 1024 * 1024;

test('after a dropped connection the whole is sent again to a sink that offers no resumption', async (t) => {
  const results = await storedResults(t, { a: large });
  const sink = await startSink(t, (one, received) =>
    one.number === 1 ? dropAfter(one, half) : take(one, received),
  );
  const clock = new PauseClock();
  const push = pushOf(results, { sink: { url: sink.url, headers: {} }, clock });
  assert.deepEqual(await pushResults(push, signal), { result: 'done', bytes: large.length, attempts: 2 });
  assert.deepEqual(
    sink.requests.map(({ method }) => method),
    ['POST', 'POST'],
  );
  assert.ok(sink.requests[1]?.body?.equals(large));
  const [pause = 0, ...others] = clock.pauses;
  assert.ok(pause >= 750, 'before the second attempt');
  assert.deepEqual(others, [1000], 'after its first bytes, for an answer that refuses them');
  assert.equal(clock.sleeping, 0);
});

test('after a dropped connection only the rest is sent to a sink that offers resumption', async (t) => {
  const results = resultsInMemory({ a: large });
  const resource = uploadResource(half);
  const sink = await startSink(t, resource.handle);
  const progress: number[] = [];
  const push = pushOf(results, {
    sink: { url: sink.url, headers: { authorization: 'Bearer abc', 'content-type': 'text/x-own' } },
    onProgress: (bytes) => progress.push(bytes),
    onUploadResource: resource.onUploadResource,
  });
  assert.deepEqual(await pushResults(push, signal), { result: 'done', bytes: large.length, attempts: 2 });
  assert.ok(resource.bytes().equals(large));
  const [post, head, patch] = sink.requests;
  assert.equal(sink.requests.length, 3);
  assert.equal(post?.headers['upload-complete'], '?1');
  assert.equal(post.headers['upload-length'], String(large.length));
  assert.deepEqual([head?.method, head?.path], ['HEAD', '/uploads/1']);
  assert.deepEqual([patch?.method, patch?.path], ['PATCH', '/uploads/1']);
  const offset = large.length - (patch?.body?.length ?? 0);
  assert.ok(offset >= half);
  assert.equal(patch?.headers['upload-offset'], String(offset));
  assert.equal(patch.headers['upload-complete'], '?1');
  assert.equal(patch.headers['content-type'], 'application/partial-upload');
  for (const { headers } of sink.requests) assert.equal(headers.authorization, 'Bearer abc');
  assert.equal(progress.at(-1), large.length);
});

test('a push that an earlier process has started is continued at the offset of its upload resource', async (t) => {
  const results = resultsInMemory({ a: large });
  const resource = uploadResource(half);
  const stop = new AbortController();
  const offered: UploadResource[] = [];
  const sink = await startSink(t, async (one, received) => {
    await resource.handle(one, received);
    if (one.request.method === 'POST') stop.abort(new Error('the process ends'));
  });
  const push = { sink: { url: sink.url, headers: {} } };
  function onUploadResource(one: UploadResource): void {
    offered.push(one);
    resource.onUploadResource(one);
  }
  await assert.rejects(pushResults(pushOf(results, { ...push, onUploadResource }), stop.signal));
  const [uploadResourceOfOthers] = offered;
  assert.equal(uploadResourceOfOthers?.url, new URL('/uploads/1', sink.url).href);

  const next = pushOf(results, { ...push, uploadResource: uploadResourceOfOthers, onUploadResource });
  assert.deepEqual(await pushResults(next, signal), { result: 'done', bytes: large.length, attempts: 1 });
  assert.deepEqual(
    sink.requests.map(({ method }) => method),
    ['POST', 'HEAD', 'PATCH'],
  );
  assert.ok(resource.bytes().equals(large));
  const rest = sink.requests[2]?.body?.length ?? 0;
  assert.ok(rest <= large.length - half, `${rest} bytes`);
  assert.equal(offered.length, 1);
});

for (const { name, change, methods } of [
  { name: 'that is gone', change: {}, methods: ['HEAD', 'POST'] },
  { name: 'of other bytes', change: { etag: '"other"' }, methods: ['POST'] },
  { name: 'of another origin', change: { url: 'http://127.0.0.1:1/uploads/1' }, methods: ['POST'] },
]) {
  test(`an upload resource ${name} is not used: the whole is sent`, async (t) => {
    const results = resultsInMemory({ a: large });
    const sink = await startSink(t, (one, received) =>
      one.request.method === 'HEAD' ? one.response.writeHead(404).end() : take(one, received),
    );
    const etag = `"${results.stored.manifest.files[0]?.sha256 ?? ''}"`;
    const kept = { url: new URL('/uploads/1', sink.url).href, etag, ...change };
    const push = pushOf(results, { sink: { url: sink.url, headers: {} }, uploadResource: kept });
    assert.equal((await pushResults(push, signal)).result, 'done');
    assert.deepEqual(
      sink.requests.map(({ method }) => method),
      methods,
    );
    assert.ok(sink.requests.at(-1)?.body?.equals(large));
  });
}

for (const { name, location, version } of [
  { name: 'of another version', location: '/uploads/1', version: '7' },
  { name: 'with an address of another origin', location: 'http://localhost:1/uploads/1', version: '8' },
  { name: 'with an address that is none', location: 'http://', version: '8' },
]) {
  test(`an offer ${name} is ignored: the whole is sent again`, async (t) => {
    const results = resultsInMemory({ a: large });
    const sink = await startSink(t, (one, received) => {
      if (one.number > 1) return take(one, received);
      offer(one.request, location, version);
      return dropAfter(one, half);
    });
    const push = pushOf(results, { sink: { url: sink.url, headers: {} } });
    assert.equal((await pushResults(push, signal)).result, 'done');
    assert.deepEqual(
      sink.requests.map(({ method, path }) => `${method} ${path}`),
      ['POST /inbox', 'POST /inbox'],
    );
    assert.ok(sink.requests[1]?.body?.equals(large));
  });
}

const offsets: { name: string; status?: number; headers: Record<string, string> }[] = [
  { name: 'nothing of the draft', headers: {} },
  { name: '404', status: 404, headers: { 'upload-offset': '5', 'upload-complete': '?0' } },
  { name: 'a redirect', status: 307, headers: { location: '/uploads/2' } },
  { name: 'no completeness', headers: { 'upload-offset': '5' } },
  {
    name: 'more bytes than were sent',
    headers: { 'upload-offset': String(large.length + 1), 'upload-complete': '?0' },
  },
  { name: 'no integer', headers: { 'upload-offset': '5.5', 'upload-complete': '?0' } },
  {
    name: 'another length',
    headers: { 'upload-offset': '5', 'upload-complete': '?0', 'upload-length': '6' },
  },
  { name: 'a complete upload of fewer bytes', headers: { 'upload-offset': '5', 'upload-complete': '?1' } },
];

for (const { name, status = 204, headers } of offsets) {
  test(`the whole is sent again if the upload resource answers with ${name}`, async (t) => {
    const results = resultsInMemory({ a: large });
    const offered = Promise.withResolvers<UploadResource>();
    const sink = await startSink(t, async (one, received) => {
      if (received.method === 'HEAD') return one.response.writeHead(status, headers).end();
      if (one.number > 1) return take(one, received);
      offer(one.request, '/uploads/1');
      await offered.promise;
      return dropAfter(one, half);
    });
    const push = pushOf(results, {
      sink: { url: sink.url, headers: {} },
      onUploadResource: offered.resolve,
    });
    assert.equal((await pushResults(push, signal)).result, 'done');
    assert.deepEqual(
      sink.requests.map(({ method, path }) => `${method} ${path}`),
      ['POST /inbox', 'HEAD /uploads/1', 'POST /inbox'],
    );
    assert.ok(sink.requests[2]?.body?.equals(large));
  });
}

test('a lost answer to a complete upload is no second upload', async (t) => {
  const results = resultsInMemory({ a: large });
  const offered = Promise.withResolvers<UploadResource>();
  const sink = await startSink(t, async (one) => {
    if (one.request.method === 'POST') {
      offer(one.request, '/uploads/1');
      await offered.promise;
      await dropAfter(one, large.length);
    } else {
      const length = String(large.length);
      const headers = { 'upload-offset': length, 'upload-complete': '?1', 'upload-length': length };
      one.response.writeHead(204, headers).end();
    }
  });
  const push = pushOf(results, { sink: { url: sink.url, headers: {} }, onUploadResource: offered.resolve });
  assert.deepEqual(await pushResults(push, signal), { result: 'done', bytes: large.length, attempts: 2 });
  assert.deepEqual(
    sink.requests.map(({ method }) => method),
    ['POST', 'HEAD'],
  );
});

test('an offset that cannot be queried now is queried again', async (t) => {
  const results = resultsInMemory({ a: large });
  const resource = uploadResource(half, {
    head({ number, response, request }) {
      if (number === 2) response.writeHead(503, { 'retry-after': '30' }).end();
      else if (number === 3) request.socket.resetAndDestroy();
      return number < 4;
    },
  });
  const sink = await startSink(t, resource.handle);
  const clock = new PauseClock();
  const push = pushOf(results, {
    sink: { url: sink.url, headers: {} },
    clock,
    onUploadResource: resource.onUploadResource,
  });
  assert.equal((await pushResults(push, signal)).result, 'done');
  assert.deepEqual(
    sink.requests.map(({ method }) => method),
    ['POST', 'HEAD', 'HEAD', 'HEAD', 'PATCH'],
  );
  assert.ok(resource.bytes().equals(large));
  assert.equal(clock.pauses[1], 30_000);
});

const patches: { name: string; status: number; headers?: Record<string, string>; then: string[] }[] = [
  { name: 'the resource is gone', status: 404, then: ['POST'] },
  { name: 'the offset was another one', status: 409, then: ['HEAD', 'PATCH'] },
  { name: 'the upload is not complete', status: 204, then: ['HEAD', 'PATCH'] },
  { name: 'the sink is busy', status: 503, then: ['HEAD', 'PATCH'] },
  {
    name: 'the whole could not be processed',
    status: 500,
    headers: { 'upload-complete': '?1' },
    then: ['POST'],
  },
];

for (const { name, status, headers, then } of patches) {
  test(`the rest is refused since ${name}: continues with ${then.join(', ')}`, async (t) => {
    const results = resultsInMemory({ a: large });
    const resource = uploadResource(half, {
      patch({ number, response, request }) {
        if (number !== 3) return false;
        request.resume().once('end', () => response.writeHead(status, headers).end());
        return true;
      },
    });
    const sink = await startSink(t, (one, received) =>
      one.number > 3 && received.method === 'POST' ? take(one, received) : resource.handle(one, received),
    );
    const push = pushOf(results, {
      sink: { url: sink.url, headers: {} },
      onUploadResource: resource.onUploadResource,
    });
    assert.deepEqual(await pushResults(push, signal), { result: 'done', bytes: large.length, attempts: 3 });
    assert.deepEqual(
      sink.requests.map(({ method }) => method),
      ['POST', 'HEAD', 'PATCH', ...then],
    );
    assert.ok((then[0] === 'POST' ? sink.requests[3]?.body : resource.bytes())?.equals(large));
  });
}

test('a final refusal of the rest ends the push', async (t) => {
  const results = resultsInMemory({ a: large });
  const resource = uploadResource(half, {
    patch({ response, request }) {
      request.resume().once('end', () => response.writeHead(422, { 'upload-complete': '?1' }).end('no CSV'));
      return true;
    },
  });
  const sink = await startSink(t, resource.handle);
  const push = pushOf(results, {
    sink: { url: sink.url, headers: {} },
    onUploadResource: resource.onUploadResource,
  });
  assert.deepEqual(await pushResults(push, signal), {
    result: 'failed',
    problem: 'the sink answered 422: no CSV',
    attempts: 2,
  });
});

test('a sink that takes some bytes with each connection gets all of them, however many it drops', async (t) => {
  const results = resultsInMemory({ a: large });
  const part = large.length / 12;
  let bytes: Buffer = Buffer.alloc(0);
  const offered = Promise.withResolvers<UploadResource>();
  const sink = await startSink(t, async (one) => {
    const { request, response } = one;
    if (request.method === 'HEAD') {
      response.writeHead(204, { 'upload-offset': String(bytes.length), 'upload-complete': '?0' }).end();
      return;
    }
    if (request.method === 'POST') {
      offer(request, '/uploads/1');
      await offered.promise;
    }
    const rest = large.length - bytes.length;
    if (rest > part) bytes = Buffer.concat([bytes, await dropAfter(one, part)]);
    else {
      for await (const chunk of request as AsyncIterable<Buffer>) bytes = Buffer.concat([bytes, chunk]);
      response.writeHead(200, { 'upload-complete': '?1' }).end();
    }
  });
  const push = pushOf(results, {
    sink: { url: sink.url, headers: {} },
    limits: { attempts: 3 },
    onUploadResource: offered.resolve,
  });
  const end = await pushResults(push, signal);
  assert.equal(end.result, 'done');
  assert.ok(end.attempts > 3, `${end.attempts} attempts, of which each brought bytes`);
  assert.ok(bytes.equals(large));
});
