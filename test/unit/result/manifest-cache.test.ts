import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManifestCache } from '../../../src/result/manifest-cache.ts';
import { manifestKey } from '../../../src/result/manifest.ts';
import { attempt, flow, memoryStore, sidecarWrites, writeManifest } from './stored-results.ts';

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

test('another manifest in its place is read anew, and one that is none is refused', async () => {
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
  const cache = createManifestCache(store, 2 * size);
  for (const name of ['one', 'two', 'one', 'three', 'one', 'two']) await cache.load(flow, name, signal);
  assert.deepEqual(
    store.reads,
    ['one', 'two', 'three', 'two'].map((name) => manifestKey(flow, name)),
  );
});
