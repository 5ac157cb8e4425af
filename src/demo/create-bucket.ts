import aws4 from 'aws4';
import type { DemoServers } from './demo-servers.ts';

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
  const { host } = new URL(endpoint);
  const call = { host, method, path: `/${bucket}`, service: 's3', region };
  const { headers = {} } = aws4.sign(call, { accessKeyId, secretAccessKey });
  const entries = Object.entries(headers).map(([name, value]) => [name, String(value)]);
  const answer = await fetch(`${endpoint}/${bucket}`, {
    method,
    headers: Object.fromEntries(entries) as Record<string, string>,
    signal,
  });
  const text = await answer.text();
  if (!answer.ok)
    throw new Error(`the store refused ${method} of the bucket ${bucket}: ${answer.status} ${text}`);
}
