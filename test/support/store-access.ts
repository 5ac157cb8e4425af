import type { TestContext } from 'node:test';
import { createObjectStore } from '../../src/storage/minio-store.ts';
import type { ObjectStore } from '../../src/storage/object-store.ts';
import type { StoreAccess } from '../../src/storage/upload/ask-store.ts';
import { createSender } from '../../src/storage/upload/send-request.ts';
import { openTestStore } from './test-store.ts';

/** Longer than a busy machine takes. */
const timeoutMillis = 60_000;

/** An empty bucket by both of the service's clients, until the test ends. */
export async function openStoreAccess(t: TestContext): Promise<{ store: ObjectStore; uploads: StoreAccess }> {
  const server = await openTestStore();
  const { endpoint, region, bucket, keys } = server;
  const settings = { ...server, publicEndpoint: endpoint, requestTimeoutMillis: timeoutMillis };
  const opened = createObjectStore(settings, keys);
  const sender = createSender({ endpoint, timeoutMillis, connections: 4 });
  t.after(async () => {
    sender.close();
    opened.destroy();
    await server[Symbol.asyncDispose]();
  });
  const credentials = { read: () => keys, forget: () => undefined };
  const uploads = { sender, credentials, region, bucket, retry: { firstMillis: 1, maxMillis: 5 } };
  return { store: opened.store, uploads };
}
