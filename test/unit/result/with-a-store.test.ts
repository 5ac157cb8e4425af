import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createDownloadSlots } from '../../../src/http/download-slots.ts';
import { resultRoutes } from '../../../src/http/routes/results.ts';
import { buildDataAddress } from '../../../src/result/build-data-address.ts';
import { createManifestCache } from '../../../src/result/manifest-cache.ts';
import { manifestKey } from '../../../src/flow/keys.ts';
import { fileKey, type Manifest } from '../../../src/result/manifest.ts';
import { verifyResults } from '../../../src/result/verify-results.ts';
import { createObjectStore } from '../../../src/storage/minio-store.ts';
import type { ObjectStore } from '../../../src/storage/object-store.ts';
import { openTestStore } from '../../support/test-store.ts';
import { ask, serveRoutes } from '../http/routes/serve-routes.ts';
import { flowView } from '../http/flow-views.ts';
import { readTar, readZip } from './archive/read-archive.ts';
import { openStore, upload } from './real-store.ts';
import { attempt, flow } from './stored-results.ts';

const { signal } = new AbortController();
const keys = [{ id: 'k', key: 'secret' }];
const contents: Record<string, Buffer> = {
  'big.bin': randomBytes(3 * 1024 * 1024),
  "Käse & Brot/100% +'#?.csv": Buffer.from('x;y'),
  empty: Buffer.alloc(0),
};
// Over a page of the listing, and next to each other in another order than that of their keys.
for (let index = 0; index < 1100; index += 1)
  contents[index % 2 === 0 ? `n/${index}.txt` : `n ${index}`] = Buffer.from(String(index));

async function addressOf(store: ObjectStore, manifest: Manifest, kind: 'service' | 'presigned') {
  const { plan } = flowView('ended');
  const results = { attempt, files: 0, bytes: 0, manifestSha256: '', manifestEtag: '' };
  return buildDataAddress({
    flow,
    plan: { ...plan, results: { ...plan.results, address: kind } },
    outcome: { phase: 'succeeded', at: new Date().toISOString(), results },
    manifest,
    connector: { resultsUrl: 'http://service' },
    keys,
    store,
    results: { addressSeconds: 3600, accessTokenSeconds: 300 },
    now: new Date(),
  });
}

test('many files, some of odd names, are verified, addressed and fetched from a real store', async (t) => {
  const store = await openStore(t);
  const { manifest, report } = await upload(store, contents);
  const asked = { store, flow, attempt, report, required: ['big.bin'] };
  assert.deepEqual(await verifyResults(asked, signal), { verdict: 'verified', manifest });
  const deps = {
    store,
    flows: { results: () => Promise.resolve({ access: 'open' as const }) },
    slots: createDownloadSlots({ limit: 10 }),
    idleMillis: 60_000,
    manifests: createManifestCache(store),
    keys,
    now: () => new Date(),
  };
  const port = await serveRoutes(t, resultRoutes(deps));
  const address = (await addressOf(store, manifest, 'service')).baseUrl.replace('http://service', '');
  assert.match(address, /\/archive\.zip$/);

  const zip = await ask({ port, path: address });
  const tar = await ask({ port, path: address.replace('.zip', '.tar') });
  for (const entries of [readZip(zip.body), readTar(tar.body)]) {
    assert.equal(entries.length, manifest.files.length);
    assert.ok(entries.every(({ path, bytes }) => contents[path]?.equals(bytes)));
  }
  const range = { range: 'bytes=1000000-2000000' };
  const part = await ask({ port, path: address, headers: range });
  assert.ok(part.body.equals(zip.body.subarray(1_000_000, 2_000_001)));
  const odd = address.replace('archive.zip', `files/${encodeURIComponent("Käse & Brot/100% +'#?.csv")}`);
  assert.equal((await ask({ port, path: odd })).body.toString(), 'x;y');
  assert.equal((await ask({ port, path: address.replace('archive.zip', 'files/empty') })).body.length, 0);

  await store.remove([fileKey(flow, attempt, 'n/1000.txt')], signal);
  const verdict = await verifyResults(asked, signal);
  assert.equal(verdict.verdict === 'failed' && verdict.reason, 'results-changed');
  await assert.rejects(ask({ port, path: address }), { code: 'ECONNRESET' });
  await store.remove([manifestKey(flow, attempt)], signal);
  assert.equal((await ask({ port, path: address })).status, 410);
  assert.deepEqual(await verifyResults(asked, signal), {
    verdict: 'failed',
    reason: 'results-missing',
    message: 'the store holds no manifest of this attempt',
  });
});

test('a file that was replaced in a real store is not sent for the one that was meant', async (t) => {
  const store = await openStore(t);
  const { manifest, report } = await upload(store, { a: Buffer.from('right') });
  const deps = {
    store,
    flows: { results: () => Promise.resolve({ access: 'open' as const }) },
    slots: createDownloadSlots({ limit: 10 }),
    idleMillis: 60_000,
    manifests: createManifestCache(store),
    keys,
    now: () => new Date(),
  };
  const port = await serveRoutes(t, resultRoutes(deps));
  const path = (await addressOf(store, manifest, 'service')).baseUrl.replace('http://service', '');
  assert.equal((await ask({ port, path })).body.toString(), 'right');
  await store.put(
    { key: fileKey(flow, attempt, 'a'), body: Buffer.from('wrong'), contentType: 'text/plain' },
    signal,
  );
  assert.equal((await ask({ port, path })).status, 503);
  const verdict = await verifyResults({ store, flow, attempt, report, required: [] }, signal);
  assert.equal(verdict.verdict === 'failed' && verdict.message, '"a" was replaced in the store');
});

test('a presigned address gives the file, its type and its name without the service', async (t) => {
  const store = await openStore(t);
  const { manifest } = await upload(store, { 'out/täglich.csv': Buffer.from('a;b') });
  const { baseUrl, contentType } = await addressOf(store, manifest, 'presigned');
  const answer = await fetch(baseUrl, { headers: { 'accept-encoding': 'gzip' } });
  assert.equal(answer.status, 200);
  assert.equal(await answer.text(), 'a;b');
  assert.equal(answer.headers.get('content-type'), contentType);
  assert.match(String(answer.headers.get('content-disposition')), /t%C3%A4glich\.csv/);
});

test('without its bucket the results are not missing: the bucket is', async (t) => {
  const server = await openTestStore();
  const settings = {
    ...server,
    bucket: `${server.bucket}-gone`,
    publicEndpoint: server.endpoint,
    requestTimeoutMillis: 30_000,
  };
  const opened = createObjectStore(settings, server.keys);
  t.after(async () => {
    opened.destroy();
    await server[Symbol.asyncDispose]();
  });
  const report = { sha256: '', etag: '', files: 0, bytes: 0 };
  const verdict = await verifyResults({ store: opened.store, flow, attempt, report, required: [] }, signal);
  assert.equal(verdict.verdict === 'failed' && verdict.reason, 'bucket-missing');
});
