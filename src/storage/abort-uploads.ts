import type { Client } from 'minio';
import { isServiceError } from '../errors.ts';
import type { Call } from './bounded-transport.ts';
import type { UploadsBelow } from './object-store.ts';

/** How the operations of the store call its client. */
export interface StoreClient {
  bucket: string;
  /** Runs one operation with a client of its own, within the signal and the timeout, and translates what it throws. */
  bounded: <T>(act: (client: Client, call: Call) => Promise<T>, signal: AbortSignal) => Promise<T>;
}

/** Bounds the requests to a store that keeps listing what was aborted; a page has 1,000 uploads. */
const pageLimit = 100;

/** Aborts the multipart uploads below the prefix and returns how many there were. One that ended meanwhile is no error. */
export async function abortUploads(
  store: StoreClient,
  uploads: string | UploadsBelow,
  signal: AbortSignal,
): Promise<number> {
  const meant = typeof uploads === 'string' ? { prefix: uploads, isMeant: () => true } : uploads;
  const below = await abortListed(store, { ...meant, listing: meant.prefix }, signal);
  // MinIO lists uploads by a whole key, or all of the bucket, and nothing in between.
  if (below.server !== 'MinIO') return below.aborted;
  return below.aborted + (await abortListed(store, { ...meant, listing: '' }, signal)).aborted;
}

/** `listing`: the prefix that the store is asked for. */
async function abortListed(
  store: StoreClient,
  { prefix, isMeant, listing }: UploadsBelow & { listing: string },
  signal: AbortSignal,
): Promise<{ aborted: number; server: Call['headers'][string] }> {
  let aborted = 0;
  for (let pages = 1; ; pages += 1) {
    const page = await readPage(store, listing, signal);
    const uploads = page.uploads.filter(({ key }) => key.startsWith(prefix) && isMeant(key));
    for (const upload of uploads) await abortUpload(store, upload, signal);
    aborted += uploads.length;
    // Starts again from the first page: what was aborted is no longer listed, and the client cannot continue within one key.
    if (!page.isTruncated || pages === pageLimit) return { aborted, server: page.server };
  }
}

interface Upload {
  key: string;
  uploadId: string;
}

async function readPage({ bucket, bounded }: StoreClient, listing: string, signal: AbortSignal) {
  return bounded(async (client, call) => {
    const { uploads, isTruncated } = await client.listIncompleteUploadsQuery(bucket, listing, '', '', '');
    return { uploads, isTruncated, server: call.headers.server };
  }, signal);
}

async function abortUpload(
  { bucket, bounded }: StoreClient,
  { key, uploadId }: Upload,
  signal: AbortSignal,
): Promise<void> {
  try {
    await bounded(async (client) => client.abortMultipartUpload(bucket, key, uploadId), signal);
  } catch (error) {
    if (!isServiceError(error, 'object-missing')) throw error;
  }
}
