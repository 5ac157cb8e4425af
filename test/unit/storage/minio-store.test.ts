import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { createObjectStore } from '../../../src/storage/minio-store.ts';
import type { ObjectInfo, ObjectStore } from '../../../src/storage/object-store.ts';
import { startFaultyProxy, type FaultyProxy } from '../../support/faulty-proxy.ts';
import { openUploads, storedKeys } from '../../support/s3-client.ts';
import { openTestStore, type TestStore } from '../../support/test-store.ts';

let server: TestStore;
let proxy: FaultyProxy;
const open: { destroy(): void }[] = [];
before(async () => {
  server = await openTestStore();
  proxy = await startFaultyProxy(server.endpoint);
});
after(async () => {
  for (const created of open) created.destroy();
  await proxy[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

function connect(
  options: { bucket?: string; endpoint?: string; requestTimeoutMillis?: number; secret?: string } = {},
): ObjectStore {
  const { bucket = server.bucket, endpoint = proxy.url, requestTimeoutMillis = 30_000 } = options;
  const settings = {
    endpoint,
    publicEndpoint: server.endpoint,
    region: server.region,
    bucket,
    requestTimeoutMillis,
  };
  const keys = {
    ...server.keys,
    ...(options.secret === undefined ? {} : { secretAccessKey: options.secret }),
  };
  const created = createObjectStore(settings, keys);
  open.push(created);
  return created.store;
}

const { signal } = new AbortController();
const plain = { contentType: 'text/plain' };

test('puts, looks at, reads in whole and in part, and removes', async () => {
  proxy.fault = () => undefined;
  const store = connect();
  const { etag } = await store.put({ key: 'one/a', body: Buffer.from('0123456789'), ...plain }, signal);
  assert.deepEqual(await store.head('one/a', signal), { key: 'one/a', size: 10, etag });
  const whole = { key: 'one/a', size: 10, etag, bytes: Buffer.from('0123456789') };
  assert.deepEqual(await store.read('one/a', 10, signal), whole);
  assert.match(etag, /^[0-9a-f]{32}$/);
  const ranges = [
    { first: 0, last: 0 },
    { first: 0, last: 3 },
    { first: 4, last: 9 },
    { first: 0, last: 9 },
  ];
  const parts = await Promise.all(
    ranges.map(async (range) => text(await store.get('one/a', { ...range, etag }, signal))),
  );
  assert.deepEqual(parts, ['0', '0123', '456789', '0123456789']);
  await store.remove(['one/a', 'one/never-was'], signal);
  assert.equal(await store.head('one/a', signal), undefined);
  assert.equal(await store.read('one/a', 10, signal), undefined);
});

test('lists and removes more than a page holds', async () => {
  proxy.fault = () => undefined;
  const store = connect();
  const keys = Array.from({ length: 1100 }, (_, index) => `many/${String(index).padStart(5, '0')}`);
  for (let start = 0; start < keys.length; start += 50) {
    await Promise.all(
      keys
        .slice(start, start + 50)
        .map(async (key) => store.put({ key, body: Buffer.from('x'), ...plain }, signal)),
    );
  }
  await store.put({ key: 'many-more', body: Buffer.from('x'), ...plain }, signal);
  const listed: ObjectInfo[] = [];
  for await (const object of store.list('many/', signal)) listed.push(object);
  assert.deepEqual(
    listed.map(({ key }) => key),
    keys,
  );
  assert.deepEqual(new Set(listed.map(({ size, etag }) => `${size} ${etag}`)).size, 1);
  await store.remove(keys, signal);
  assert.deepEqual(await storedKeys(server, 'many'), ['many-more']);
});

test('aborts the uploads that nobody completed, below the prefix and nowhere else', async () => {
  proxy.fault = () => undefined;
  const { client, bucket } = server;
  const keys = ['left/flow-1/u/files/a', 'left/flow-1/u/files/a', 'left/flow-1/v/files/b', 'left/flow-10/c'];
  for (const key of keys) await client.initiateNewMultipartUpload(bucket, key, {});
  const none = { prefix: 'left/flow-1/', isMeant: (key: string) => key.endsWith('c') };
  assert.equal(await connect().abortUploads(none, signal), 0);
  const some = { prefix: 'left/flow-1/', isMeant: (key: string) => key.endsWith('b') };
  assert.equal(await connect().abortUploads(some, signal), 1);
  assert.equal(await connect().abortUploads('left/flow-1/', signal), 2);
  const left = await Promise.all([...new Set(keys)].map(async (key) => openUploads(server, key)));
  assert.deepEqual(left.flat(), ['left/flow-10/c']);
  assert.equal(await connect().abortUploads('left/flow-1/', signal), 0);
  assert.equal(await connect().abortUploads('left/', signal), 1);
});

test('gives no part of an object that was replaced', async () => {
  proxy.fault = () => undefined;
  const store = connect();
  const { etag } = await store.put({ key: 'kept', body: Buffer.from('first'), ...plain }, signal);
  await store.put({ key: 'kept', body: Buffer.from('other'), ...plain }, signal);
  await assert.rejects(store.get('kept', { first: 0, last: 4, etag }, signal), {
    code: 'precondition-failed',
  });
});

test('presigns for the public endpoint, without asking the store, with the receiver’s file name', async () => {
  proxy.fault = () => undefined;
  const store = connect();
  await store.put({ key: 'signed', body: Buffer.from('bytes'), ...plain }, signal);
  const before = proxy.requests.length;
  const url = await store.presignGet('signed', {
    expirySeconds: 60,
    contentType: 'text/csv',
    fileName: 'Täfel "1".csv',
  });
  assert.equal(proxy.requests.length, before);
  assert.equal(new URL(url).origin, server.endpoint);
  const answer = await fetch(url);
  assert.equal(answer.headers.get('content-type'), 'text/csv');
  const disposition = answer.headers.get('content-disposition');
  assert.equal(
    disposition,
    `attachment; filename="T_fel _1_.csv"; filename*=UTF-8''T%C3%A4fel%20%221%22.csv`,
  );
  assert.equal(await answer.text(), 'bytes');
});

test('presigns parts of uploads for the public endpoint, without asking the store', async () => {
  proxy.fault = () => undefined;
  const store = connect();
  const before = proxy.requests.length;
  const part = { key: 'uploads/x/content', uploadId: 'a+b/c=', number: 7, expirySeconds: 60 };
  const url = new URL(await store.presignPart(part));
  assert.equal(proxy.requests.length, before);
  assert.equal(url.origin, server.endpoint);
  assert.equal(url.searchParams.get('partNumber'), '7');
  assert.equal(url.searchParams.get('uploadId'), 'a+b/c=');
  // It is signed: the store looks for the upload.
  const answer = await fetch(url, { method: 'PUT', body: 'x' });
  assert.match(await answer.text(), /NoSuchUpload/);
});

test('reads a small object with one request, and none of a larger one', async () => {
  const store = connect();
  const bytes = Buffer.alloc(8 * 1024 * 1024, 'x');
  const { etag } = await store.put({ key: 'whole', body: bytes, ...plain }, signal);
  const seen = proxy.requests.length;
  assert.equal((await store.read('whole', bytes.length, signal))?.bytes?.equals(bytes), true);
  assert.deepEqual(await store.read('whole', bytes.length - 1, signal), {
    key: 'whole',
    size: bytes.length,
    etag,
  });
  assert.equal(proxy.requests.length, seen + 2);
  await store.put({ key: 'whole', body: Buffer.alloc(0), ...plain }, signal);
  assert.equal((await store.read('whole', 1, signal))?.size, 0);
});

test('an object that is cut off on its way is not taken for a short one', async () => {
  proxy.fault = () => undefined;
  const store = connect();
  await store.put({ key: 'cut', body: Buffer.alloc(1024 * 1024, 'x'), ...plain }, signal);
  proxy.fault = () => ({ kind: 'truncate' });
  await assert.rejects(store.read('cut', 2 * 1024 * 1024, signal), { code: 'store-unavailable' });
});

async function firstOf(list: AsyncIterable<ObjectInfo>): Promise<unknown> {
  return list[Symbol.asyncIterator]().next();
}
const operations: { name: string; act: (store: ObjectStore, signal: AbortSignal) => Promise<unknown> }[] = [
  { name: 'get', act: (store, until) => store.get('a', { first: 0, last: 0, etag: '' }, until) },
  { name: 'read', act: (store, until) => store.read('a', 10, until) },
  { name: 'head', act: (store, until) => store.head('a', until) },
  { name: 'put', act: (store, until) => store.put({ key: 'a', body: Buffer.from('a'), ...plain }, until) },
  { name: 'list', act: (store, until) => firstOf(store.list('', until)) },
  { name: 'remove', act: (store, until) => store.remove(['a'], until) },
  { name: 'list of uploads', act: (store, until) => store.abortUploads('a/', until) },
  { name: 'check', act: (store, until) => store.check(until) },
];
for (const { name, act } of operations) {
  test(`tells what is wrong with a ${name}`, async () => {
    proxy.fault = () => undefined;
    await assert.rejects(act(connect({ bucket: 'no-such-bucket-here' }), signal), { code: 'bucket-missing' });
    await assert.rejects(act(connect({ secret: 'wrong' }), signal), { code: 'store-forbidden' });
    await assert.rejects(act(connect({ endpoint: 'http://127.0.0.1:1' }), signal), {
      code: 'store-unavailable',
    });
    const seen = proxy.requests.length;
    proxy.fault = () => ({ kind: 'status', when: 'before', status: 503 });
    await assert.rejects(act(connect(), signal), { code: 'store-unavailable', message: /503/ });
    assert.equal(proxy.requests.length, seen + 1, 'one attempt a call');
    proxy.fault = () => ({ kind: 'reset', when: 'before' });
    await assert.rejects(act(connect(), signal), { code: 'store-unavailable' });
    proxy.fault = () => ({ kind: 'hang', when: 'before' });
    await assert.rejects(act(connect({ requestTimeoutMillis: 50 }), signal), {
      code: 'store-unavailable',
      message: /nothing was heard/,
    });
    const over = new AbortController();
    proxy.fault = () => {
      over.abort(new Error('enough of this'));
      return { kind: 'hang', when: 'before' };
    };
    await assert.rejects(act(connect(), over.signal), {
      code: 'store-unavailable',
      message: /enough of this/,
    });
  });
}

test('tells a missing object from a missing bucket', async () => {
  proxy.fault = () => undefined;
  await assert.rejects(connect().get('nothing-here', { first: 0, last: 0, etag: '' }, signal), {
    code: 'object-missing',
  });
});

test('breaks a body off with an error when the store ends early or the signal aborts', async () => {
  proxy.fault = () => undefined;
  const store = connect();
  const size = 4 * 1024 * 1024;
  const { etag } = await store.put({ key: 'large', body: Buffer.alloc(size), ...plain }, signal);
  const whole = { first: 0, last: size - 1, etag };
  proxy.fault = () => ({ kind: 'truncate' });
  await assert.rejects(text(await store.get('large', whole, signal)), { code: 'store-unavailable' });
  proxy.fault = () => undefined;
  const over = new AbortController();
  const body = await store.get('large', whole, over.signal);
  over.abort(new Error('nobody wants it any more'));
  await assert.rejects(text(body), { code: 'store-unavailable', message: /nobody wants it/ });
});

test('does not take a slow reader for a silent store', async () => {
  proxy.fault = () => undefined;
  const size = 4 * 1024 * 1024;
  const object = { key: 'slow', body: Buffer.alloc(size, 'x'), ...plain };
  const { etag } = await connect().put(object, signal);
  // Long enough for the first byte on a busy machine.
  const body = await connect({ requestTimeoutMillis: 2000 }).get(
    'slow',
    { first: 0, last: size - 1, etag },
    signal,
  );
  // What is waited for here is several of the store's timeouts with nothing read: the machine's speed does not matter.
  await new Promise((resolve) => setTimeout(resolve, 5000));
  assert.equal((await text(body)).length, size);
});
