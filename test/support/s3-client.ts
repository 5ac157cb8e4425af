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
