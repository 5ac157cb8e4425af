import aws4 from 'aws4';
import type { EmbeddedServers } from './embedded-servers.ts';

/** As an operator does it once, before the service is ever started. */
export async function createBucket(
  { endpoint, region, accessKeyId, secretAccessKey }: EmbeddedServers['s3'],
  bucket: string,
  signal: AbortSignal,
): Promise<void> {
  const { host } = new URL(endpoint);
  const request = { host, method: 'PUT', path: `/${bucket}`, service: 's3', region };
  const { headers = {} } = aws4.sign(request, { accessKeyId, secretAccessKey });
  const entries = Object.entries(headers).map(([name, value]) => [name, String(value)]);
  const answer = await fetch(`${endpoint}/${bucket}`, {
    method: 'PUT',
    headers: Object.fromEntries(entries) as Record<string, string>,
    signal,
  });
  const text = await answer.text();
  if (!answer.ok)
    throw new Error(`the store refused to create the bucket ${bucket}: ${answer.status} ${text}`);
}
