import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { BufferPool } from '../../../../src/storage/upload/buffer-pool.ts';
import { partBytes } from '../../../../src/storage/upload/multipart-upload.ts';
import { createSender } from '../../../../src/storage/upload/send-request.ts';
import {
  uploadFile,
  type FileSource,
  type UploadResult,
} from '../../../../src/storage/upload/upload-file.ts';
import { startFaultyProxy, type FaultyProxy } from '../../../support/faulty-proxy.ts';
import { openUploads, storedKeys } from '../../../support/s3-client.ts';
import { openTestStore, readObject, type TestStore } from '../../../support/test-store.ts';

let store: TestStore;
before(async () => {
  store = await openTestStore();
});
after(async () => store[Symbol.asyncDispose]());

interface Source extends FileSource {
  /** Positions in the order in which they were read. */
  reads: { position: number; bytes: number }[];
}

function sourceOf(content: Buffer): Source {
  const reads: Source['reads'] = [];
  return {
    size: content.length,
    reads,
    read(buffer, position) {
      const bytes = content.copy(buffer, 0, position);
      reads.push({ position, bytes });
      return Promise.resolve(bytes);
    },
    isUnchanged: () => Promise.resolve(true),
  };
}

async function upload(proxy: FaultyProxy, key: string, source: FileSource): Promise<UploadResult> {
  const sender = createSender({ endpoint: proxy.url, timeoutMillis: 2_000, connections: 8 });
  const access = {
    sender,
    credentials: { read: () => store.keys, forget: () => undefined },
    region: store.region,
    bucket: store.bucket,
    retry: { firstMillis: 1, maxMillis: 20 },
  };
  try {
    const means = { store: access, pool: new BufferPool(4 * partBytes) };
    return await uploadFile({ source, key, ...means }, AbortSignal.timeout(60_000));
  } finally {
    sender.close();
  }
}

async function assertStored(key: string, content: Buffer, result: UploadResult): Promise<void> {
  assert.ok(result.result === 'stored');
  const there = await readObject(store, key);
  assert.ok(there.equals(content), 'the store holds other bytes');
  const stat = await store.client.statObject(store.bucket, key);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const checksum = crc32(content).toString(16).padStart(8, '0');
  assert.deepEqual(result, { result: 'stored', etag: stat.etag, sha256, crc32: checksum });
}

const sizes = [
  { name: 'nothing', bytes: 0 },
  { name: 'one byte', bytes: 1 },
  { name: 'exactly one part', bytes: partBytes },
  { name: 'one part and a byte', bytes: partBytes + 1 },
  { name: 'six parts, more than are under way at once', bytes: 5 * partBytes + 4711 },
];
for (const { name, bytes } of sizes) {
  test(`stores ${name}, read once and in order`, async () => {
    await using proxy = await startFaultyProxy(store.endpoint);
    const content = randomBytes(bytes);
    const source = sourceOf(content);
    const key = `sizes/${bytes}`;
    await assertStored(key, content, await upload(proxy, key, source));
    let expected = 0;
    for (const { position, bytes: read } of source.reads) {
      assert.equal(position, expected);
      expected += read;
    }
    assert.equal(expected, bytes);
  });
}

const answerLost = { kind: 'reset', when: 'after' } as const;
const faults = [
  {
    name: 'a part is refused as busy',
    path: 'partNumber=2',
    fault: { kind: 'status', when: 'before', status: 503 },
  },
  { name: 'a part hangs', path: 'partNumber=1', fault: { kind: 'hang', when: 'before' } },
  { name: 'the connection breaks after a part', path: 'partNumber=3', fault: answerLost },
  {
    name: 'the keys are refused once',
    path: 'partNumber=1',
    fault: { kind: 'status', when: 'before', status: 403 },
  },
  { name: 'the answer to the beginning is lost', path: '?uploads', fault: answerLost },
  { name: 'the beginning is answered by half', path: '?uploads', fault: { kind: 'truncate' } },
  { name: 'the answer to the completion is lost', path: 'POST uploadId=', fault: answerLost },
  {
    name: 'the completion fails with 200',
    path: 'POST uploadId=',
    fault: { kind: 'status', when: 'before', status: 200, body: '<Error><Code>InternalError</Code></Error>' },
  },
] as const;
for (const [index, { name, path, fault }] of faults.entries()) {
  test(`stores a file of parts though ${name}`, async () => {
    await using proxy = await startFaultyProxy(store.endpoint);
    const [method, part] = path.startsWith('POST ') ? ['POST', path.slice(5)] : [undefined, path];
    let failed = 0;
    proxy.fault = (request) => {
      const hit = request.path.includes(part) && (method ?? request.method) === request.method;
      if (!hit || failed > 0) return undefined;
      failed += 1;
      return fault;
    };
    const content = randomBytes(2 * partBytes + 99);
    const key = `faults/${index}`;
    await assertStored(key, content, await upload(proxy, key, sourceOf(content)));
    assert.equal(failed, 1, 'the fault did not happen');
  });
}

test('leaves neither object nor parts of a file that shrank while it was read', async () => {
  await using proxy = await startFaultyProxy(store.endpoint);
  const source = { ...sourceOf(randomBytes(2 * partBytes)), size: 3 * partBytes };
  assert.deepEqual(await upload(proxy, 'changed/shrunk', source), { result: 'changed' });
  assert.deepEqual(await storedKeys(store, 'changed/'), []);
  assert.deepEqual(await openUploads(store, 'changed/shrunk'), []);
});

for (const bytes of [10, 2 * partBytes]) {
  test(`stores nothing of ${bytes} bytes that changed while they were read`, async () => {
    await using proxy = await startFaultyProxy(store.endpoint);
    const source = { ...sourceOf(randomBytes(bytes)), isUnchanged: () => Promise.resolve(false) };
    const key = `changed/${bytes}`;
    assert.deepEqual(await upload(proxy, key, source), { result: 'changed' });
    assert.deepEqual(await storedKeys(store, key), []);
    assert.deepEqual(await openUploads(store, key), []);
  });
}

test('aborts the upload when a part is refused for good, and says why', async () => {
  await using proxy = await startFaultyProxy(store.endpoint);
  const body = '<Error><Code>EntityTooLarge</Code><Message>far too large</Message></Error>';
  proxy.fault = ({ path }) =>
    path.includes('partNumber=2') ? { kind: 'status', when: 'before', status: 400, body } : undefined;
  await assert.rejects(upload(proxy, 'refused', sourceOf(randomBytes(6 * partBytes))), {
    code: 'store-refused',
    message: /EntityTooLarge far too large/,
  });
  assert.deepEqual(await openUploads(store, 'refused'), []);
});

test('throws what reading the file throws, and aborts the upload', async () => {
  await using proxy = await startFaultyProxy(store.endpoint);
  const whole = sourceOf(randomBytes(3 * partBytes));
  const broken: FileSource = {
    ...whole,
    read: (buffer, position) =>
      position >= partBytes ? Promise.reject(new Error('bad disk')) : whole.read(buffer, position),
  };
  await assert.rejects(upload(proxy, 'broken', broken), /bad disk/);
  assert.deepEqual(await openUploads(store, 'broken'), []);
});
