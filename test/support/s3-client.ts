import { Client } from 'minio';
import type { ScopedCredentials } from '../../src/storage/mint-credentials.ts';

/** A client of the store with the given keys; a session's have a token. */
export function s3Client(
  { endpoint, region }: { endpoint: string; region: string },
  { accessKeyId, secretAccessKey, sessionToken }: ScopedCredentials,
): Client {
  const url = new URL(endpoint);
  const secure = url.protocol === 'https:';
  return new Client({
    endPoint: url.hostname,
    port: Number(url.port === '' ? (secure ? 443 : 80) : url.port),
    useSSL: secure,
    accessKey: accessKeyId,
    secretKey: secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    region,
    pathStyle: true,
  });
}

interface StoredIn {
  client: Client;
  bucket: string;
}

export async function storedKeys({ client, bucket }: StoredIn, prefix = ''): Promise<string[]> {
  const found = client.listObjectsV2(bucket, prefix, true) as AsyncIterable<{ name?: string }>;
  const keys: string[] = [];
  for await (const { name } of found) if (name !== undefined) keys.push(name);
  return keys;
}

/** Keys of multipart uploads that are neither completed nor aborted. */
export async function openUploads({ client, bucket }: StoredIn, prefix = ''): Promise<string[]> {
  const found = client.listIncompleteUploads(bucket, prefix, true) as AsyncIterable<{ key: string }>;
  const keys: string[] = [];
  for await (const { key } of found) keys.push(key);
  return keys;
}
