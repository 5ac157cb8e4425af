import { isServiceError, ServiceError } from '../errors.ts';
import type { StoreClient } from './abort-uploads.ts';
import type { WholeObject } from './object-store.ts';
import { plainEtag } from './upload/ask-store.ts';

/** One GET: its headers say size and ETag before the body is read, so that no HEAD is needed. */
export async function readObject(
  { bucket, bounded }: StoreClient,
  { key, limitBytes }: { key: string; limitBytes: number },
  signal: AbortSignal,
): Promise<WholeObject | undefined> {
  try {
    return await bounded(async (client, call) => {
      const body = await client.getObject(bucket, key);
      const { etag = '', 'content-length': length } = call.headers;
      const object = { key, etag: plainEtag(etag) };
      if (length !== undefined && Number(length) > limitBytes) {
        body.on('error', () => undefined).destroy();
        return { ...object, size: Number(length) };
      }
      const bytes = await readUpTo(body, limitBytes);
      const size = bytes.length;
      if (size > limitBytes) return { ...object, size };
      if (length !== undefined && size !== Number(length))
        throw new ServiceError('store-unavailable', `the store sent ${size} of ${length} bytes`);
      return { ...object, size, bytes };
    }, signal);
  } catch (error) {
    if (isServiceError(error, 'object-missing')) return undefined;
    throw error;
  }
}

/** Stops after the limit, even if the store sends more; leaving the loop destroys the stream. */
async function readUpTo(body: AsyncIterable<Buffer>, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > limitBytes) break;
  }
  return Buffer.concat(chunks);
}
