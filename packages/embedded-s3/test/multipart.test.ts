import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { waitUntil } from './wait-until.ts';
import { bucket, openStore, piecesOf, type OpenStore } from './open-store.ts';
import { verdict, type Reply } from './signed-request.ts';

const path = `/${bucket}/big`;
const partSize = 5 << 20;

async function start(store: OpenStore, headers: Record<string, string> = {}): Promise<string> {
  const reply = await store.send({ method: 'POST', path: `${path}?uploads`, headers });
  return /<UploadId>([^<]*)/.exec(reply.text)?.[1] ?? assert.fail(reply.text);
}

function sendPart(
  store: OpenStore,
  id: string,
  part: { number: number; body: Buffer | string },
): Promise<Reply> {
  return store.send({
    method: 'PUT',
    path: `${path}?partNumber=${part.number}&uploadId=${id}`,
    body: part.body,
  });
}

interface Completion {
  readonly parts: readonly (readonly [number, string])[];
  readonly headers?: Record<string, string>;
}

function complete(store: OpenStore, id: string, { parts, headers = {} }: Completion): Promise<Reply> {
  const xml = parts.map(
    ([number, etag]) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`,
  );
  const body = `<CompleteMultipartUpload>${xml.join('')}</CompleteMultipartUpload>`;
  return store.send({ method: 'POST', path: `${path}?uploadId=${id}`, body, headers });
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

async function uploadParts(
  store: OpenStore,
  id: string,
  bodies: readonly Buffer[],
): Promise<[number, string][]> {
  const parts: [number, string][] = [];
  for (const [index, body] of bodies.entries()) {
    const reply = await sendPart(store, id, { number: index + 1, body });
    parts.push([index + 1, reply.headers['etag'] ?? assert.fail(reply.text)]);
  }
  return parts;
}

test('an upload by minio-js in parts comes back whole', async () => {
  await using store = await openStore({ partSize });
  const content = randomBytes(12 << 20);
  const { etag } = await store.client.putObject(
    bucket,
    'big',
    Readable.from(piecesOf(content)),
    content.length,
  );
  assert.match(etag, /^[0-9a-f]{32}-3$/);
  assert.ok((await store.send({ path })).content.equals(content));
  assert.equal(await store.files(), 3);
});

test('the ETag of a multipart object is the MD5 of those of its parts, and their number', async () => {
  await using store = await openStore();
  const id = await start(store);
  const bodies = [randomBytes(partSize), randomBytes(10)];
  assert.equal(verdict(await complete(store, id, { parts: await uploadParts(store, id, bodies) })), '200');
  const sums = bodies.map((body) => createHash('md5').update(body).digest());
  const expected = createHash('md5').update(Buffer.concat(sums)).digest('hex');
  assert.equal((await store.send({ path })).headers['etag'], `"${expected}-2"`);
});

test('open uploads and their parts are listed until they are aborted, and then leave nothing', async () => {
  await using store = await openStore();
  const id = await start(store);
  await uploadParts(store, id, [Buffer.from('one'), Buffer.from('two')]);
  const parts = await store.send({ path: `${path}?uploadId=${id}&max-parts=1` });
  assert.match(parts.text, /<NextPartNumberMarker>1<.*<IsTruncated>true<.*<PartNumber>1<.*<Size>3</);
  const rest = await store.send({ path: `${path}?uploadId=${id}&part-number-marker=1` });
  assert.match(rest.text, /<IsTruncated>false<.*<PartNumber>2</);
  const found: string[] = [];
  const open = store.client.listIncompleteUploads(bucket, '', true) as AsyncIterable<{ uploadId: string }>;
  for await (const { uploadId } of open) found.push(uploadId);
  assert.deepEqual(found, [id]);
  await store.client.abortMultipartUpload(bucket, 'big', id);
  assert.equal(verdict(await sendPart(store, id, { number: 3, body: 'late' })), '404 NoSuchUpload');
  assert.doesNotMatch((await store.send({ path: `/${bucket}?uploads` })).text, /<Upload>/);
  await waitUntil('no file is left', async () => (await store.files()) === 0);
});

/** One page of one upload each; `next` are the markers of the page behind it. */
async function listUploads(
  store: OpenStore,
  query = '',
): Promise<{ ids: string[]; next: string | undefined }> {
  const { text } = await store.send({ path: `/${bucket}?uploads&max-uploads=1${query}` });
  const ids = [...text.matchAll(/<UploadId>([^<]*)/g)].map((match) => match[1] ?? '');
  const [, key, id] = /<NextKeyMarker>([^<]*)<.*<NextUploadIdMarker>([^<]*)/.exec(text) ?? [];
  const next = `&key-marker=${encodeURIComponent(key ?? '')}&upload-id-marker=${id ?? ''}`;
  return { ids, next: id === undefined ? undefined : next };
}

test('open uploads are listed in pages, by key and those of one key as they were started', async () => {
  await using store = await openStore();
  const started: string[] = [];
  for (const key of ['c', 'a', 'a', 'a', 'b/1']) {
    started.push(await store.client.initiateNewMultipartUpload(bucket, key, {}));
    store.clock.now += 1;
  }
  const [c, ...others] = started;
  const seen: string[] = [];
  for (let markers: string | undefined = ''; markers !== undefined;) {
    const page = await listUploads(store, markers);
    seen.push(...page.ids);
    markers = page.next;
  }
  assert.deepEqual(seen, [...others, c]);
});

test('a page of uploads starts behind its marker, also when the upload of the marker was aborted', async () => {
  await using store = await openStore();
  const started: string[] = [];
  for (let number = 0; number < 4; number += 1) {
    started.push(await start(store));
    store.clock.now += 1;
  }
  const [first = '', second, third = ''] = started;
  const { ids, next = '' } = await listUploads(store);
  assert.deepEqual(ids, [first]);
  await store.client.abortMultipartUpload(bucket, 'big', first);
  const page = await listUploads(store, next);
  assert.deepEqual(page.ids, [second]);
  await store.client.abortMultipartUpload(bucket, 'big', third);
  assert.deepEqual((await listUploads(store, page.next)).ids, started.slice(3));
});

test('a listing of uploads with a delimiter is refused with a reason', async () => {
  await using store = await openStore();
  const reply = await store.send({ path: `/${bucket}?uploads&delimiter=%2F` });
  assert.equal(verdict(reply), '501 NotImplemented');
  assert.match(reply.text, /delimiter.*prefix/);
});

test('a part sent again replaces the one before, and parts that are not named go', async () => {
  await using store = await openStore();
  const id = await start(store);
  await uploadParts(store, id, [Buffer.from('old'), Buffer.from('unused')]);
  const [part] = await uploadParts(store, id, [Buffer.from('new')]);
  assert.equal(verdict(await complete(store, id, { parts: [part ?? assert.fail()] })), '200');
  assert.equal((await store.send({ path })).text, 'new');
  await waitUntil('one file is left', async () => (await store.files()) === 1);
});

test('an upload is not completed with parts that are too small, missing, changed or out of order', async () => {
  await using store = await openStore();
  const id = await start(store);
  const [one = assert.fail(), two = assert.fail()] = await uploadParts(store, id, [
    Buffer.from('1'),
    Buffer.from('2'),
  ]);
  const wrong: [string, [number, string][]][] = [
    ['400 EntityTooSmall', [one, two]],
    ['400 InvalidPartOrder', [two, one]],
    ['400 InvalidPartOrder', [one, one]],
    ['400 InvalidPart', [one, [3, '"x"']]],
    ['400 InvalidPart', [[1, two[1]]]],
    ['400 MalformedXML', []],
  ];
  for (const [expected, parts] of wrong) {
    assert.equal(verdict(await complete(store, id, { parts })), expected);
  }
  assert.equal(verdict(await store.send({ path })), '404 NoSuchKey');
  assert.equal(verdict(await complete(store, id, { parts: [two] })), '200');
});

for (const number of ['0', '10001', 'x', '']) {
  test(`the part number '${number}' is refused`, async () => {
    await using store = await openStore();
    const id = await start(store);
    const reply = await store.send({
      method: 'PUT',
      path: `${path}?partNumber=${number}&uploadId=${id}`,
      body: 'x',
    });
    assert.equal(verdict(reply), '400 InvalidArgument');
  });
}

test('of ten completions at once with If-None-Match: * exactly one makes the object', async () => {
  await using store = await openStore();
  const uploads = await Promise.all(
    Array.from({ length: 10 }, async (_, index) => {
      const id = await start(store);
      return { id, parts: await uploadParts(store, id, [Buffer.from(`content ${index}`)]) };
    }),
  );
  const headers = { 'if-none-match': '*' };
  const replies = await Promise.all(uploads.map(({ id, parts }) => complete(store, id, { parts, headers })));
  const winners = replies.flatMap((reply, index) => (reply.status === 200 ? [index] : []));
  assert.equal(winners.length, 1);
  assert.equal((await store.send({ path })).text, `content ${winners[0] ?? -1}`);
});

test('the checksum of a multipart object is that of the checksums of its parts, and their number', async () => {
  await using store = await openStore();
  const bodies = [randomBytes(partSize), randomBytes(partSize + 1), randomBytes(77)];
  const sum = word(crc32(Buffer.concat(bodies.map((body) => word(crc32(body)))))).toString('base64');
  const id = await start(store, { 'x-amz-checksum-algorithm': 'CRC32', 'x-amz-checksum-type': 'COMPOSITE' });
  const parts = await uploadParts(store, id, bodies);
  const bad = await complete(store, id, { parts, headers: { 'x-amz-checksum-crc32': 'AAAAAA==' } });
  assert.equal(verdict(bad), '400 BadDigest');
  const good = await complete(store, id, { parts, headers: { 'x-amz-checksum-crc32': `${sum}-3` } });
  assert.equal(verdict(good), '200');
  const head = await store.send({ method: 'HEAD', path, headers: { 'x-amz-checksum-mode': 'ENABLED' } });
  assert.deepEqual(
    [head.headers['x-amz-checksum-crc32'], head.headers['x-amz-checksum-type']],
    [`${sum}-3`, 'COMPOSITE'],
  );
});

test('an upload in parts with a checksum of the whole object is refused with the type that is supported', async () => {
  await using store = await openStore();
  const headers = { 'x-amz-checksum-algorithm': 'CRC32C', 'x-amz-checksum-type': 'FULL_OBJECT' };
  const reply = await store.send({ method: 'POST', path: `${path}?uploads`, headers });
  assert.equal(verdict(reply), '501 NotImplemented');
  assert.match(reply.text, /FULL_OBJECT.*COMPOSITE/);
});

test('copying into a part is refused with 501', async () => {
  await using store = await openStore();
  await store.client.putObject(bucket, 'source', 'x');
  const id = await start(store);
  const headers = { 'x-amz-copy-source': `/${bucket}/source` };
  const reply = await store.send({ method: 'PUT', path: `${path}?partNumber=1&uploadId=${id}`, headers });
  assert.equal(verdict(reply), '501 NotImplemented');
});
