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
  /** For messages: what the store refused. */
  what: string;
  /** Statuses that are no refusal; default: 200. */
  accept?: number[];
}

/** A body and its crc32, which the store checks in place of a signed hash. */
export interface Payload {
  bytes: Buffer;
  crc32: number;
}

/**
 * One request, repeated until it is answered, finally refused, or the signal aborts; the keys are read anew for each try.
 * Throws ServiceError as `ObjectStore` does.
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
    // Completing an upload answers 200 before the store knows: the error may come in the body.
    const belated = answer.status === 200 && request.method === 'POST' && answer.body.includes('<Error>');
    if (belated || !accept.includes(answer.status)) throw refusal(answer, what);
    return answer;
  }
  return repeat(askOnce, retry, signal);
}

/** Keys are of `[A-Za-z0-9._/-]` alone (`encodeKey`), so that nothing needs escaping. */
export function objectPath({ bucket }: Pick<StoreAccess, 'bucket'>, key: string, query = ''): string {
  return `/${bucket}/${key}${query}`;
}

export function guardHeaders({ crc32 }: Pick<Payload, 'crc32'>): Record<string, string> {
  return { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', 'x-amz-checksum-crc32': crc32Base64(crc32) };
}

export function crc32Base64(crc32: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32);
  return bytes.toString('base64');
}

/** Without quotes, from the header. */
export function etagOf(answer: Answer): string {
  const { etag } = answer.headers;
  if (etag === undefined) throw new ServiceError('store-refused', 'the store answered without an ETag');
  return etag.replaceAll('"', '');
}
