import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { ServiceError } from '../../../src/errors.ts';
import { createManifestCache } from '../../../src/result/manifest-cache.ts';
import { manifestKey } from '../../../src/flow/keys.ts';
import { waitUntil } from '../../support/wait-until.ts';
import {
  attempt,
  flow,
  memoryStore,
  sidecarWrites,
  writeManifest,
  type MemoryStore,
} from './stored-results.ts';

const signal = new AbortController().signal;
const written = sidecarWrites({ a: Buffer.from('a') });

test('a manifest is read once, however often it is asked for', async () => {
  const store = memoryStore(new Map(written.objects));
  const cache = createManifestCache(store);
  const first = await cache.load(flow, attempt, signal);
  assert.deepEqual(first?.manifest, written.manifest);
  assert.equal(first.sha256, written.report.sha256);
  assert.equal(await cache.load(flow, attempt, signal), first);
  assert.equal(store.reads.length, 1);
});

test('a deleted manifest is not there any more, whatever was read before', async () => {
  const store = memoryStore(new Map(written.objects));
  const cache = createManifestCache(store);
  assert.ok(await cache.load(flow, attempt, signal));
  store.objects.delete(manifestKey(flow, attempt));
  assert.equal(await cache.load(flow, attempt, signal), undefined);
});

test('a replaced manifest is read again, and an object that is no manifest is refused', async () => {
  const store = memoryStore(new Map(written.objects));
  const cache = createManifestCache(store);
  await cache.load(flow, attempt, signal);
  writeManifest(store.objects, { ...written.manifest, createdAt: '2027-01-01T00:00:00Z' });
  assert.equal((await cache.load(flow, attempt, signal))?.manifest.createdAt, '2027-01-01T00:00:00Z');
  writeManifest(store.objects, { ...written.manifest, version: 2 });
  await assert.rejects(cache.load(flow, attempt, signal), { code: 'precondition-failed' });
});

test('the manifest asked for least recently leaves when there is no room', async () => {
  const store = memoryStore(new Map());
  const attempts = ['one', 'two', 'three'];
  for (const name of attempts) {
    store.objects.set(
      manifestKey(flow, name),
      Buffer.from(JSON.stringify({ ...written.manifest, attempt: name })),
    );
  }
  const size = store.objects.get(manifestKey(flow, 'three'))?.length ?? 0;
  const cache = createManifestCache(store, { bytes: 2 * size });
  for (const name of ['one', 'two', 'one', 'three', 'one', 'two']) await cache.load(flow, name, signal);
  assert.deepEqual(
    store.reads,
    ['one', 'two', 'three', 'two'].map((name) => manifestKey(flow, name)),
  );
});

test('a manifest larger than all the room stays until another one is asked for', async () => {
  const store = memoryStore(new Map(written.objects));
  const other = { ...written.manifest, attempt: 'other' };
  store.objects.set(manifestKey(flow, 'other'), Buffer.from(JSON.stringify(other)));
  const cache = createManifestCache(store, { bytes: 1 });
  for (const name of [attempt, attempt, 'other', attempt]) await cache.load(flow, name, signal);
  assert.deepEqual(
    store.reads,
    [attempt, 'other', attempt].map((name) => manifestKey(flow, name)),
  );
});

test('requests that come together read a manifest once, also when the first of them leaves', async () => {
  const store = memoryStore(new Map(written.objects));
  const hold = holdReads(store);
  const cache = createManifestCache(store);
  const leaving = new AbortController();
  const first = cache.load(flow, attempt, leaving.signal);
  const others = [1, 2, 3].map(() => cache.load(flow, attempt, signal));
  await hold.reached(1);
  leaving.abort(new Error('the client has gone'));
  await assert.rejects(first, /the client has gone/);
  hold.release();
  for (const one of await Promise.all(others)) assert.deepEqual(one?.manifest, written.manifest);
  assert.equal(hold.started, 1);
});

test('a manifest for which nobody waits any more is not read to its end, and the next one reads it again', async () => {
  const store = memoryStore(new Map(written.objects));
  const hold = holdReads(store);
  const cache = createManifestCache(store);
  const leaving = new AbortController();
  const both = [1, 2].map(() => cache.load(flow, attempt, leaving.signal));
  await hold.reached(1);
  leaving.abort(new Error('the client has gone'));
  for (const one of both) await assert.rejects(one, /the client has gone/);
  assert.ok(hold.signals[0]?.aborted);
  hold.release();
  assert.ok(await cache.load(flow, attempt, signal));
  assert.equal(hold.started, 2);
});

test('a read that fails fails for all who wait, and is not remembered', async () => {
  const store = memoryStore(new Map(written.objects));
  const read = store.read.bind(store);
  store.read = () => Promise.reject(new ServiceError('store-unavailable', 'not now'));
  const cache = createManifestCache(store);
  for (const one of await Promise.allSettled([1, 2].map(() => cache.load(flow, attempt, signal))))
    assert.equal(one.status, 'rejected');
  store.read = read;
  assert.ok(await cache.load(flow, attempt, signal));
});

test('two large manifests are never read at once', async () => {
  const store = memoryStore(new Map(written.objects));
  const other = { ...written.manifest, attempt: 'other' };
  store.objects.set(manifestKey(flow, 'other'), Buffer.from(JSON.stringify(other)));
  const hold = holdReads(store);
  const cache = createManifestCache(store, { largeBytes: 1 });
  const both = [attempt, 'other'].map((name) => cache.load(flow, name, signal));
  await hold.reached(1);
  for (let again = 0; again < 50; again += 1) await turn();
  assert.equal(hold.started, 1);
  hold.release();
  assert.equal((await Promise.all(both)).length, 2);
  assert.equal(hold.started, 2);
});

/** Reads of the store wait until they are released. */
function holdReads(store: MemoryStore) {
  const read = store.read.bind(store);
  const released = Promise.withResolvers<undefined>();
  const hold = {
    started: 0,
    signals: [] as AbortSignal[],
    release() {
      released.resolve(undefined);
    },
    reached: (count: number) => waitUntil('the reads have begun', () => hold.started === count),
  };
  store.read = async (key, limitBytes, until) => {
    hold.started += 1;
    hold.signals.push(until);
    await released.promise;
    return await read(key, limitBytes, until);
  };
  return hold;
}
