import { createSender } from '../storage/upload/send-request.ts';
import { signRequest } from '../storage/upload/sign-request.ts';
import type { DemoServers } from './demo-servers.ts';

const timeoutMillis = 30_000;

/** As an operator does it once, before the service is ever started. */
export async function createBucket(
  s3: DemoServers['s3'],
  bucket: string,
  signal: AbortSignal,
): Promise<void> {
  await request(s3, { method: 'PUT', bucket }, signal);
}

/** An empty one. */
export async function deleteBucket(
  s3: DemoServers['s3'],
  bucket: string,
  signal: AbortSignal,
): Promise<void> {
  await request(s3, { method: 'DELETE', bucket }, signal);
}

async function request(
  { endpoint, region, accessKeyId, secretAccessKey }: DemoServers['s3'],
  { method, bucket }: { method: 'PUT' | 'DELETE'; bucket: string },
  signal: AbortSignal,
): Promise<void> {
  const sender = createSender({ endpoint, timeoutMillis, connections: 1 });
  try {
    const scope = { host: sender.host, region, service: 's3' } as const;
    const call = { method, path: `/${bucket}`, headers: {} };
    const { status, body } = await sender.send(
      signRequest(call, scope, { accessKeyId, secretAccessKey }),
      signal,
    );
    if (status >= 300)
      throw new Error(`the store refused ${method} of the bucket ${bucket}: ${status} ${body}`);
  } finally {
    sender.close();
  }
}
