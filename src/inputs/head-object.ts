import { foreignObjectPath, plainEtag, type StoreAccess } from '../storage/upload/ask-store.ts';
import { refusal } from '../storage/upload/refusal.ts';
import { signRequest } from '../storage/upload/sign-request.ts';
import type { S3Object } from './allowed-source.ts';

/**
 * Size and ETag of an object of any bucket of the store; undefined if it is missing, or not readable with the service's keys. One attempt. Throws
 * `store-unavailable` or `store-refused`.
 */
export async function headObject(
  { sender, credentials, region }: StoreAccess,
  { bucket, key }: S3Object,
  signal: AbortSignal,
): Promise<{ size: number; etag: string } | undefined> {
  const path = foreignObjectPath({ bucket, key });
  const scope = { host: sender.host, region, service: 's3' } as const;
  const request = signRequest({ method: 'HEAD', path, headers: {} }, scope, credentials.read());
  const answer = await sender.send(request, signal);
  if (answer.status === 404 || answer.status === 403) return undefined;
  const { etag, 'content-length': length } = answer.headers;
  if (answer.status !== 200 || etag === undefined || length === undefined) throw refusal(answer, key);
  return { size: Number(length), etag: plainEtag(etag) };
}
