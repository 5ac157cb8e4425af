import { isServiceError, ServiceError } from '../errors.ts';
import type { StoreClient } from './abort-uploads.ts';
import type { WholeObject } from './object-store.ts';

/** One GET: its headers say size and tag before the body is read, so that no HEAD is needed. */
export async function readObject(
  { bucket, bounded }: StoreClient,
  { key, limitBytes }: { key: string; limitBytes: number },
  signal: AbortSignal,
): Promise<WholeObject | undefined> {
  try {
    return await bounded(async (client, call) => {
      const body = await client.getObject(bucket, key);
      const { size, etag = '' } = call;
      const about = { key, etag: etag.replaceAll('"', '') };
      if (size !== undefined && size > limitBytes) {
        body.on('error', () => undefined).destroy();
        return { ...about, size };
      }
      const bytes = await readUpTo(body, limitBytes);
      if (bytes.length > limitBytes) return { ...about, size: bytes.length };
      if (size !== undefined && bytes.length !== size)
        throw new ServiceError('store-unavailable', `the store sent ${bytes.length} of ${size} bytes`);
      return { ...about, size: bytes.length, bytes };
    }, signal);
  } catch (error) {
    if (isServiceError(error, 'object-missing')) return undefined;
    throw error;
  }
}

/** Stops after the limit, whatever the store sends; leaving the loop destroys the stream. */
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
