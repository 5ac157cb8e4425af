import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'minio';
import { s3Client, storedKeys } from '../test/support/s3-client.ts';

export interface BenchStore {
  endpoint: string;
  accessKeyId: string;
  secretAccessKey: string;
  bucket: string;
  client: Client;
}

/** Opens the embedded store in this process, hence on the same cores; or another server, by its endpoint or with its keys. */
export async function startBenchStore(
  folder: string,
  other: string | Server | undefined,
  stack: AsyncDisposableStack,
): Promise<BenchStore> {
  const server = await serverOf(folder, other, stack);
  const client = s3Client({ endpoint: server.endpoint, region: 'us-east-1' }, server);
  const bucket = `bench-${randomBytes(4).toString('hex')}`;
  await client.makeBucket(bucket);
  const store = { ...server, bucket, client };
  stack.defer(async () => {
    await emptyBucket(store);
    await client.removeBucket(bucket);
  });
  return store;
}

export async function emptyBucket({ client, bucket }: BenchStore): Promise<void> {
  await client.removeObjects(bucket, await storedKeys({ client, bucket }));
}

type Server = Pick<BenchStore, 'endpoint' | 'accessKeyId' | 'secretAccessKey'>;

async function serverOf(
  folder: string,
  other: string | Server | undefined,
  stack: AsyncDisposableStack,
): Promise<Server> {
  if (other === undefined) return await startEmbedded(join(folder, 'store'), stack);
  return typeof other === 'string' ? external(other) : other;
}

async function startEmbedded(directory: string, stack: AsyncDisposableStack): Promise<Server> {
  await mkdir(directory);
  const keys = { accessKeyId: 'bench-operator', secretAccessKey: randomBytes(20).toString('hex') };
  const { startStore } = await import('embedded-s3');
  const store = await startStore({ directory, ...keys });
  stack.defer(() => store.stop());
  return { endpoint: store.url, ...keys };
}

function external(endpoint: string): Server {
  const { S3_ACCESS_KEY: accessKeyId, S3_SECRET_KEY: secretAccessKey } = process.env;
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw new Error('--endpoint: expected S3_ACCESS_KEY and S3_SECRET_KEY in the environment');
  return { endpoint, accessKeyId, secretAccessKey };
}
