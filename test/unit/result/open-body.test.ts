import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { ServiceError } from '../../../src/errors.ts';
import { fileKey } from '../../../src/result/manifest.ts';
import { openBody } from '../../../src/result/open-body.ts';
import { archiveBody, fileBody } from '../../../src/result/result-body.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { attempt, flow, memoryStore, sidecarWrites, type MemoryStore } from './stored-results.ts';

/** Faults that stay are met at once. */
const retry = { attempts: 3, firstMillis: 0 };
const signal = new AbortController().signal;
const files = { a: randomBytes(100), b: Buffer.alloc(0), c: randomBytes(50), d: randomBytes(700) };

function stored() {
  const written = sidecarWrites(files);
  const manifest = { manifest: written.manifest, ...written.report, size: 1 };
  return {
    store: memoryStore(written.objects),
    body: archiveBody(manifest, 'tar'),
    file: fileBody(manifest, written.manifest.files[3] ?? assert.fail()),
  };
}

test('every range of an archive is the same part of the whole', async () => {
  const { store, body } = stored();
  const whole = await buffer(
    await openBody(
      { store, retry, segments: body.segments(), range: { first: 0, last: body.length - 1 } },
      signal,
    ),
  );
  for (let first = 0; first < body.length; first += 97) {
    for (const length of [1, 60, 513, body.length]) {
      const last = Math.min(first + length, body.length) - 1;
      const part = await buffer(
        await openBody({ store, retry, segments: body.segments(), range: { first, last } }, signal),
      );
      assert.ok(part.equals(whole.subarray(first, last + 1)), `${first}-${last}`);
    }
  }
});

test('a range reads only the objects it touches', async () => {
  const { store, body } = stored();
  await buffer(
    await openBody({ store, retry, segments: body.segments(), range: { first: 512, last: 520 } }, signal),
  );
  assert.deepEqual(store.reads, [fileKey(flow, attempt, 'a')]);
});

test('a few objects are opened ahead of the reader, and never more, and each once', async () => {
  const many = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`f${index}`, randomBytes(200)]));
  const written = sidecarWrites(many);
  const store = memoryStore(written.objects);
  const body = archiveBody({ manifest: written.manifest, ...written.report, size: 1 }, 'zip');
  const range = { first: 0, last: body.length - 1 };
  const stream = await openBody({ store, retry, segments: body.segments(), range }, signal);
  for (let again = 0; again < 50; again += 1) await turn();
  assert.ok(store.reads.length > 1 && store.reads.length <= 5, `${store.reads.length} were opened`);
  let most = 0;
  for await (const chunk of stream) {
    assert.ok(Buffer.isBuffer(chunk));
    most = Math.max(most, store.open.size);
  }
  assert.ok(most <= 5, `${most} were open at once`);
  assert.equal(store.reads.length, 60);
  assert.equal(new Set(store.reads).size, 60);
});

test('a reader that pauses holds one large object open, and no small one', async () => {
  const large = Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, randomBytes(200 * 1024)]));
  const written = sidecarWrites({ ...large, e: randomBytes(100), f: randomBytes(64 * 1024) });
  const store = memoryStore(written.objects, 16 * 1024);
  const body = archiveBody({ manifest: written.manifest, ...written.report, size: 1 }, 'zip');
  const range = { first: 0, last: body.length - 1 };
  const stream = await openBody({ store, retry, segments: body.segments(), range }, signal);
  const reader = stream.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>;
  for (let length = 0; length < body.length;) {
    const { value } = (await reader.next()) as IteratorResult<Buffer, Buffer>;
    length += value.length;
    await waitUntil('the reader holds at most one object', () => store.open.size <= 1);
  }
  assert.deepEqual(new Set(store.reads).size, 6);
  stream.destroy();
});

test('a reader that leaves closes what was opened ahead', async () => {
  const { store, body } = stored();
  const range = { first: 0, last: body.length - 1 };
  const stream = await openBody({ store, retry, segments: body.segments(), range }, signal);
  assert.ok(store.reads.length > 1);
  stream.destroy();
  await waitUntil('all objects are closed', () => store.open.size === 0);
});

test('an object that is gone before the first byte is an error of the call, not of the stream', async () => {
  const { store, body } = stored();
  store.objects.delete(fileKey(flow, attempt, 'a'));
  await assert.rejects(
    openBody({ store, retry, segments: body.segments(), range: { first: 0, last: 9999 } }, signal),
    { code: 'object-missing' },
  );
});

const faults: { name: string; spoil: (store: MemoryStore) => unknown }[] = [
  { name: 'replaced', spoil: ({ objects }) => objects.set(fileKey(flow, attempt, 'd'), randomBytes(700)) },
  { name: 'deleted', spoil: ({ objects }) => objects.delete(fileKey(flow, attempt, 'd')) },
  { name: 'cut short by the store', spoil: (store) => answer(store, files.d.subarray(1)) },
  {
    name: 'made longer by the store',
    spoil: (store) => answer(store, Buffer.concat([files.d, Buffer.from('x')])),
  },
  {
    name: 'altered by the store',
    spoil: (store) =>
      answer(store, Buffer.concat([files.d.subarray(0, 699), Buffer.from([(files.d[699] ?? 0) ^ 1])])),
  },
];

function answer(store: MemoryStore, bytes: Buffer): true {
  const get = store.get.bind(store);
  store.get = (key, part, until) =>
    key.endsWith('/d')
      ? Promise.resolve(Readable.from([bytes.subarray(0, 300), bytes.subarray(300)]))
      : get(key, part, until);
  return true;
}

for (const { name, spoil } of faults) {
  test(`the stream ends with an error, and not one byte too late, when an object was ${name}`, async () => {
    const { store, body } = stored();
    spoil(store);
    const stream = await openBody(
      { store, retry, segments: body.segments(), range: { first: 0, last: body.length - 1 } },
      signal,
    );
    let length = 0;
    await assert.rejects(async () => {
      for await (const chunk of stream) length += (chunk as Buffer).length;
    });
    assert.ok(length < 3 * 512 + 512 + 512 + 512 + 700, 'the last bytes of the object were kept back');
    assert.ok(stream.destroyed);
  });
}

test('a reader that leaves closes the object that is open', async () => {
  const { store, file } = stored();
  const stream = await openBody(
    { store, retry, segments: file.segments(), range: { first: 0, last: file.length - 1 } },
    signal,
  );
  for await (const chunk of stream) {
    assert.ok(chunk);
    break;
  }
  await waitUntil('the object is closed', () => store.open.size === 0);
});

test('an aborted signal ends the stream with an error', async () => {
  const { store, file } = stored();
  const gone = new AbortController();
  const stream = await openBody(
    { store, retry, segments: file.segments(), range: { first: 0, last: file.length - 1 } },
    gone.signal,
  );
  gone.abort();
  await assert.rejects(buffer(stream));
  assert.equal(store.open.size, 0);
});

test('a body goes on where the connection to the store broke', async () => {
  const { store, file } = stored();
  const get = store.get.bind(store);
  const parts: unknown[] = [];
  store.get = async (key, part, until) => {
    parts.push(part.first);
    if (parts.length === 1) throw new ServiceError('store-unavailable', 'not now');
    const stream = await get(key, part, until);
    return parts.length < 6 ? Readable.from(breaking(stream, 200)) : stream;
  };
  const range = { first: 0, last: file.length - 1 };
  const stream = await openBody({ store, retry, segments: file.segments(), range }, signal);
  assert.ok((await buffer(stream)).equals(files.d));
  assert.deepEqual(parts, [0, 0, 203, 406, 609]);
});

async function* breaking(stream: Readable, after: number): AsyncGenerator<Buffer> {
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    yield chunk;
    length += chunk.length;
    if (length > after) throw new Error('ECONNRESET');
  }
}

test('a store that does not come back is given up', async () => {
  const { store, file } = stored();
  let asked = 0;
  store.get = () => {
    asked += 1;
    return Promise.reject(new ServiceError('store-unavailable', 'not now'));
  };
  const range = { first: 0, last: file.length - 1 };
  await assert.rejects(openBody({ store, retry, segments: file.segments(), range }, signal), {
    code: 'store-unavailable',
  });
  assert.equal(asked, retry.attempts);
});
