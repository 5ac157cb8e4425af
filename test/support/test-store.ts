import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { Client } from 'minio';
import { s3Client, storedKeys } from './s3-client.ts';

/** An S3 server for tests that need nothing else, with an empty bucket of the test's own. */
export interface TestStore extends AsyncDisposable {
  endpoint: string;
  region: string;
  bucket: string;
  keys: { accessKeyId: string; secretAccessKey: string };
  /** With the operator's keys. */
  client: Client;
}

/** The embedded store, in this process; or the server that `TEST_S3_ENDPOINT` names (`test/support/servers.ts`). */
export async function openTestStore(): Promise<TestStore> {
  await using stack = new AsyncDisposableStack();
  const { endpoint, region, ...keys } = await findServer(stack);
  const bucket = `test-${randomBytes(5).toString('hex')}`;
  const client = s3Client({ endpoint, region }, keys);
  await client.makeBucket(bucket);
  stack.defer(async () => {
    await client.removeObjects(bucket, await storedKeys({ client, bucket }));
    await client.removeBucket(bucket);
  });
  const opened = stack.move();
  return { endpoint, region, bucket, keys, client, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

export async function readObject({ client, bucket }: TestStore, key: string): Promise<Buffer> {
  return buffer(await client.getObject(bucket, key));
}

interface Server {
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

async function findServer(stack: AsyncDisposableStack): Promise<Server> {
  const { env } = process;
  const region = env['TEST_S3_REGION'] ?? 'us-east-1';
  const endpoint = env['TEST_S3_ENDPOINT'];
  if (endpoint !== undefined) {
    const accessKeyId = env['TEST_S3_ACCESS_KEY'] ?? '';
    return { endpoint, region, accessKeyId, secretAccessKey: env['TEST_S3_SECRET_KEY'] ?? '' };
  }
  const directory = await mkdtemp(join(tmpdir(), 'test-store-'));
  stack.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  const keys = { accessKeyId: 'test-operator', secretAccessKey: randomBytes(20).toString('hex') };
  const { startStore } = await import('embedded-s3');
  const store = await startStore({ directory, ...keys });
  stack.defer(() => store.stop());
  return { endpoint: store.url, region, ...keys };
}
