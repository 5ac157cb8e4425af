import type { Client } from 'minio';
import { isServiceError } from '../errors.ts';
import type { Call } from './bounded-transport.ts';

/** How the store's client is called. */
export interface StoreClient {
  bucket: string;
  /** Runs one operation with a client of its own within the signal and the timeouts, and translates what it throws. */
  bounded: <T>(act: (client: Client, call: Call) => Promise<T>, signal: AbortSignal) => Promise<T>;
}

/** A store that goes on listing what was aborted is not asked for ever; a page has 1,000 uploads. */
const pageLimit = 100;

/** Aborts the multipart uploads below the prefix; one that ended meanwhile is no error. Answers how many there were. */
export async function abortUploads(
  access: StoreClient,
  prefix: string,
  signal: AbortSignal,
): Promise<number> {
  const below = await abortListed(access, { prefix, listing: prefix }, signal);
  // MinIO finds uploads by a whole key or lists all of the bucket's, and nothing in between.
  if (below.server !== 'MinIO') return below.aborted;
  return below.aborted + (await abortListed(access, { prefix, listing: '' }, signal)).aborted;
}

interface Wanted {
  prefix: string;
  /** What the store is asked for. */
  listing: string;
}

async function abortListed(
  access: StoreClient,
  { prefix, listing }: Wanted,
  signal: AbortSignal,
): Promise<{ aborted: number; server: string | undefined }> {
  let aborted = 0;
  for (let pages = 1; ; pages += 1) {
    const page = await readPage(access, listing, signal);
    const uploads = page.uploads.filter(({ key }) => key.startsWith(prefix));
    for (const upload of uploads) await abortUpload(access, upload, signal);
    aborted += uploads.length;
    // From the start again: what was aborted is listed no more, and the client cannot go on within one key.
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
    return { uploads, isTruncated, server: call.server };
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
