import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { test } from 'node:test';
import { waitUntil } from './wait-until.ts';
import { bucket, openStore, piecesOf } from './open-store.ts';
import { verdict, type Reply } from './signed-request.ts';

const path = `/${bucket}/a.txt`;

test('an object comes back with its content, headers, metadata and the MD5 as ETag', async () => {
  await using store = await openStore();
  const sent = { 'Content-Type': 'text/csv', 'Cache-Control': 'no-store', 'X-Amz-Meta-Flow': 'f-1' };
  const { etag } = await store.client.putObject(bucket, 'a.txt', 'hello world', undefined, sent);
  assert.equal(etag, createHash('md5').update('hello world').digest('hex'));
  const got = await store.send({ path });
  assert.equal(got.text, 'hello world');
  assert.equal(got.headers['content-type'], 'text/csv');
  assert.equal(got.headers['cache-control'], 'no-store');
  assert.equal(got.headers['x-amz-meta-flow'], 'f-1');
  assert.equal(got.headers['etag'], `"${etag}"`);
  const head = await store.send({ method: 'HEAD', path });
  assert.deepEqual([head.headers['content-length'], head.text], ['11', '']);
});

test('an empty object and one of several MiB are stored exactly', async () => {
  await using store = await openStore();
  const large = Buffer.alloc(5_000_001, 'abcdefg');
  await store.client.putObject(bucket, 'empty', '');
  await store.client.putObject(bucket, 'large', large);
  assert.equal((await store.send({ path: `/${bucket}/empty` })).content.length, 0);
  assert.ok((await store.send({ path: `/${bucket}/large` })).content.equals(large));
});

const ranges = [
  { header: 'bytes=6-10', status: 206, content: 'world', range: 'bytes 6-10/11' },
  { header: 'bytes=6-', status: 206, content: 'world', range: 'bytes 6-10/11' },
  { header: 'bytes=-5', status: 206, content: 'world', range: 'bytes 6-10/11' },
  { header: 'bytes=-50', status: 206, content: 'hello world', range: 'bytes 0-10/11' },
  { header: 'bytes=4-400', status: 206, content: 'o world', range: 'bytes 4-10/11' },
  { header: 'bytes=5-2', status: 200, content: 'hello world' },
  { header: 'bytes=0-1,4-5', status: 200, content: 'hello world' },
  { header: 'lines=1-2', status: 200, content: 'hello world' },
  { header: 'bytes=11-', status: 416 },
  { header: 'bytes=-0', status: 416 },
];

test('a range is answered with its bytes, or 416 when there are none', async () => {
  await using store = await openStore();
  await store.client.putObject(bucket, 'a.txt', 'hello world');
  for (const { header, status, content, range } of ranges) {
    const reply = await store.send({ path, headers: { range: header } });
    assert.equal(reply.status, status, header);
    if (content !== undefined) assert.equal(reply.text, content, header);
    assert.equal(reply.headers['content-range'], range, header);
  }
});

test('a range across the parts of a multipart object is one content', async () => {
  const mebibyte = 1 << 20;
  await using store = await openStore({ partSize: 5 * mebibyte });
  const content = Buffer.from(Array.from({ length: 12 * mebibyte }, (_, place) => (place * 7) % 251));
  await store.client.putObject(bucket, 'a.txt', Readable.from(piecesOf(content)), content.length);
  const [start, end] = [5 * mebibyte - 3, 10 * mebibyte + 4];
  assert.equal(await store.files(), 3);
  const reply = await store.send({ path, headers: { range: `bytes=${start}-${end - 1}` } });
  assert.ok(reply.content.equals(content.subarray(start, end)));
});

const hour = 3600_000;
const reads: {
  name: string;
  headers: (etag: string, time: number) => Record<string, string>;
  expected: number;
}[] = [
  { name: 'If-Match with its ETag', headers: (etag) => ({ 'if-match': `"${etag}"` }), expected: 200 },
  { name: 'If-Match with another', headers: () => ({ 'if-match': '"x"' }), expected: 412 },
  {
    name: 'If-None-Match with its ETag',
    headers: (etag) => ({ 'if-none-match': `"x", "${etag}"` }),
    expected: 304,
  },
  { name: 'If-None-Match with another', headers: () => ({ 'if-none-match': '"x"' }), expected: 200 },
  {
    name: 'If-Modified-Since later',
    headers: (_, time) => ({ 'if-modified-since': date(time + hour) }),
    expected: 304,
  },
  {
    name: 'If-Modified-Since earlier',
    headers: (_, time) => ({ 'if-modified-since': date(time - hour) }),
    expected: 200,
  },
  {
    name: 'If-Unmodified-Since earlier',
    headers: (_, time) => ({ 'if-unmodified-since': date(time - hour) }),
    expected: 412,
  },
  {
    name: 'If-Unmodified-Since its time',
    headers: (_, time) => ({ 'if-unmodified-since': date(time) }),
    expected: 200,
  },
];

function date(time: number): string {
  return new Date(time).toUTCString();
}

for (const { name, headers, expected } of reads) {
  test(`a read with ${name} is answered with ${expected}`, async () => {
    await using store = await openStore();
    const { etag } = await store.client.putObject(bucket, 'a.txt', 'content');
    const reply = await store.send({ path, headers: headers(etag, store.clock.now) });
    assert.equal(reply.status, expected);
    assert.equal(reply.text.includes('content'), expected === 200);
  });
}

test('of ten uploads at once with If-None-Match: * exactly one is stored', async () => {
  await using store = await openStore();
  function put(body: string): Promise<Reply> {
    return store.send({ method: 'PUT', path, body, headers: { 'if-none-match': '*' } });
  }
  const replies = await Promise.all(Array.from({ length: 10 }, (_, index) => put(`content ${index}`)));
  const winners = replies.flatMap((reply, index) => (reply.status === 200 ? [index] : []));
  assert.equal(winners.length, 1);
  assert.deepEqual(new Set(replies.map(verdict)), new Set(['200', '412 PreconditionFailed']));
  assert.equal((await store.send({ path })).text, `content ${winners[0] ?? -1}`);
  await waitUntil('the files of the others are gone', async () => (await store.files()) === 1);
});

test('an upload with If-Match replaces what has that ETag and nothing else', async () => {
  await using store = await openStore();
  function put(etag: string): Promise<Reply> {
    return store.send({ method: 'PUT', path, body: 'new', headers: { 'if-match': etag } });
  }
  assert.equal(verdict(await put('"x"')), '404 NoSuchKey');
  const { etag } = await store.client.putObject(bucket, 'a.txt', 'old');
  assert.equal(verdict(await put('"x"')), '412 PreconditionFailed');
  assert.equal(verdict(await put(`"${etag}"`)), '200');
  assert.equal((await store.send({ path })).text, 'new');
});

test('what is replaced or deleted leaves no file', async () => {
  await using store = await openStore();
  for (const content of ['one', 'two', 'three']) await store.client.putObject(bucket, 'a.txt', content);
  await waitUntil('one file is left', async () => (await store.files()) === 1);
  await store.client.removeObject(bucket, 'a.txt');
  await waitUntil('no file is left', async () => (await store.files()) === 0);
});

test('a download that has started continues when the object is deleted', async () => {
  await using store = await openStore();
  const content = Buffer.alloc(40 << 20, 'content of an object ');
  await store.client.putObject(bucket, 'a.txt', content, content.length);
  const stream = await store.client.getObject(bucket, 'a.txt');
  await store.client.removeObject(bucket, 'a.txt');
  assert.ok((await buffer(stream)).equals(content));
  await waitUntil('the file is gone', async () => (await store.files()) === 0);
});

test('a copy has the content and metadata, and outlives its source', async () => {
  await using store = await openStore();
  await store.client.putObject(bucket, 'a b+c.txt', 'content', undefined, { 'X-Amz-Meta-Flow': 'f-1' });
  await store.client.makeBucket('others');
  const source = { 'x-amz-copy-source': `/${bucket}/a%20b%2Bc.txt` };
  assert.equal(verdict(await store.send({ method: 'PUT', path: '/others/copy', headers: source })), '200');
  await store.client.removeObject(bucket, 'a b+c.txt');
  const copy = await store.send({ path: '/others/copy' });
  assert.deepEqual([copy.text, copy.headers['x-amz-meta-flow']], ['content', 'f-1']);
});

test('a copy onto itself replaces the metadata or is refused', async () => {
  await using store = await openStore();
  await store.client.putObject(bucket, 'a.txt', 'content');
  function copy(headers: Record<string, string>): Promise<Reply> {
    return store.send({ method: 'PUT', path, headers: { 'x-amz-copy-source': path, ...headers } });
  }
  assert.equal(verdict(await copy({})), '400 InvalidRequest');
  const replaced = { 'x-amz-metadata-directive': 'REPLACE', 'x-amz-meta-flow': 'f-2' };
  assert.equal(verdict(await copy(replaced)), '200');
  assert.equal((await store.send({ path })).headers['x-amz-meta-flow'], 'f-2');
});

test('many objects are deleted in one request; those that are not there count as deleted', async () => {
  await using store = await openStore();
  for (const key of ['a&b', 'c<d', 'e']) await store.client.putObject(bucket, key, 'x');
  assert.deepEqual(await store.client.removeObjects(bucket, ['a&b', 'c<d', 'never']), []);
  assert.equal(await text(await store.client.getObject(bucket, 'e')), 'x');
  assert.equal(verdict(await store.send({ path: `/${bucket}/a%26b` })), '404 NoSuchKey');
});

const keysRefused = ['a//b', '/lead', '..', 'a/../b', './a', 'a/.', '%00', 'a%0Ab', 'k'.repeat(1025)];

for (const key of keysRefused) {
  test(`the key ${key.slice(0, 12)} is refused with 400`, async () => {
    await using store = await openStore();
    const reply = await store.send({
      method: 'PUT',
      path: `/${bucket}/${key}`,
      body: 'x',
      payload: 'UNSIGNED-PAYLOAD',
    });
    assert.equal(reply.status, 400);
    assert.equal(await store.files(), 0);
  });
}
