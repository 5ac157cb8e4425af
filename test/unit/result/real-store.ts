import { createHash } from 'node:crypto';
import type { TestContext } from 'node:test';
import { manifestKey } from '../../../src/flow/keys.ts';
import { fileKey } from '../../../src/result/manifest.ts';
import { createObjectStore } from '../../../src/storage/minio-store.ts';
import type { ObjectStore } from '../../../src/storage/object-store.ts';
import { openTestStore } from '../../support/test-store.ts';
import { attempt, flow, sidecarWrites } from './stored-results.ts';

const { signal } = new AbortController();

export async function openStore(t: TestContext) {
  const server = await openTestStore();
  const settings = { ...server, publicEndpoint: server.endpoint, requestTimeoutMillis: 30_000 };
  const opened = createObjectStore(settings, server.keys);
  t.after(async () => {
    opened.destroy();
    await server[Symbol.asyncDispose]();
  });
  return opened.store;
}

/** As a sidecar does: files first, the manifest with the store's own tags last. */
export async function upload(store: ObjectStore, files: Record<string, Buffer>) {
  const { manifest } = sidecarWrites(files);
  const options = { contentType: 'application/octet-stream' };
  for (const file of manifest.files) {
    const bytes = files[file.path] ?? Buffer.alloc(0);
    file.etag = (
      await store.put({ key: fileKey(flow, attempt, file.key), body: bytes, ...options }, signal)
    ).etag;
  }
  const bytes = Buffer.from(JSON.stringify(manifest));
  const { etag } = await store.put({ key: manifestKey(flow, attempt), body: bytes, ...options }, signal);
  const report = {
    sha256: createHash('sha256').update(bytes).digest('hex'),
    etag,
    files: manifest.files.length,
    bytes: manifest.files.reduce((sum, file) => sum + file.size, 0),
  };
  return { manifest, report };
}
