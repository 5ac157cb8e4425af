import { crc32 } from 'node:zlib';
import { encodeSegment } from '../../addresses.ts';
import { ServiceError } from '../../errors.ts';
import type { CredentialReader } from './credentials.ts';
import { refusal } from './refusal.ts';
import { repeat, type Retry } from './repeat.ts';
import type { Answer, Sender } from './send-request.ts';
import { signRequest, type UnsignedRequest } from './sign-request.ts';

export interface StoreAccess {
  sender: Sender;
  credentials: CredentialReader;
  region: string;
  bucket: string;
  retry: Retry;
}

export interface StoreRequest extends UnsignedRequest {
  /** For messages: what was refused. */
  what: string;
  /** Statuses that are no refusal. Default: 200. */
  accept?: number[];
}

/** A body and its crc32, which the store checks instead of a signed hash. */
export interface Payload {
  bytes: Buffer;
  crc32: number;
}

export function jsonPayload(value: object): Payload {
  const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
  return { bytes, crc32: crc32(bytes) };
}

/**
 * Sends one request until it is answered, refused for good, or the signal aborts. Each attempt reads the keys again. Throws
 * ServiceError as `ObjectStore` does.
 */
export async function askStore(
  { sender, credentials, region, retry }: StoreAccess,
  { what, accept = [200], ...request }: StoreRequest,
  signal: AbortSignal,
): Promise<Answer> {
  const scope = { host: sender.host, region, service: 's3' } as const;
  async function askOnce(): Promise<Answer> {
    const answer = await sender.send(signRequest(request, scope, credentials.read()), signal);
    if (answer.status === 403) credentials.forget();
    // A store answers the completion of an upload with 200 before it knows the result: the error may be in the body.
    const belated = answer.status === 200 && request.method === 'POST' && answer.body.includes('<Error>');
    if (belated || !accept.includes(answer.status)) throw refusal(answer, what);
    return answer;
  }
  return repeat(askOnce, retry, signal);
}

/** Keys hold only `[A-Za-z0-9._/-]` (`encodeKey`), so that nothing needs escaping. */
export function objectPath({ bucket }: Pick<StoreAccess, 'bucket'>, key: string, query = ''): string {
  return `/${bucket}/${key}${query}`;
}

/** The same for a key that another program has chosen. */
export function foreignObjectPath({ bucket, key }: { bucket: string; key: string }): string {
  return `/${bucket}/${key.split('/').map(encodeSegment).join('/')}`;
}

export function guardHeaders({ crc32 }: Pick<Payload, 'crc32'>): Record<string, string> {
  return { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', 'x-amz-checksum-crc32': crc32Base64(crc32) };
}

export function crc32Base64(crc32: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32);
  return bytes.toString('base64');
}

export function etagOf({ headers: { etag } }: Answer): string {
  if (etag === undefined) throw new ServiceError('store-refused', 'the store answered without an ETag');
  return plainEtag(etag);
}

/** Without quotes. */
export function plainEtag(etag: string): string {
  return etag.replaceAll(/&quot;|&#34;|"/g, '');
}
