import type { Clock } from '../clock.ts';
import { uploadContentKey } from '../flow/keys.ts';
import { checkDigest, type UploadHead } from '../inbox/read-upload-head.ts';
import { writeBody } from '../inbox/write-body.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { StoreAccess } from '../storage/upload/ask-store.ts';
import { StreamUpload } from '../storage/upload/upload-stream.ts';
import { watchProgress } from '../transfer/watch-progress.ts';
import { discardUploads, newUploadId, writeUpload, type StoredUpload } from './stored-upload.ts';

export interface UploadParts {
  store: ObjectStore;
  /** For the bodies. */
  uploads: StoreAccess;
  limits: UploadLimits;
  clock: Clock;
  now: () => Date;
  /** A random UUID. */
  newId: () => string;
}

export interface UploadLimits {
  maxBytes: number;
  maxPresignedBytes: number;
  /** Without a byte. */
  idleMillis: number;
  totalMillis: number;
  keepMillis: number;
}

export interface IncomingFile {
  head: UploadHead;
  mediaType: string;
  caller: string;
  body: AsyncIterable<Buffer>;
}

/** Streams one file into the bucket, with one part of it in memory. If it throws, neither an object nor an upload in parts is left. */
export async function receiveUpload(
  parts: UploadParts,
  file: IncomingFile,
  signal: AbortSignal,
): Promise<StoredUpload> {
  const { limits, clock, uploads, now } = parts;
  const { head, mediaType, caller } = file;
  const created = now();
  const id = newUploadId(created, parts.newId());
  const { maxBytes } = limits;
  const stream = { store: uploads, key: uploadContentKey(id), size: head.size };
  const upload = new StreamUpload({ ...stream, maxBytes, limit: 'uploads.maxBytes' });
  const waiting = { for: 'the sender gave no byte' };
  const deadline = clock.monotonic() + limits.totalMillis;
  const progress = { clock, idleMillis: limits.idleMillis, deadline, waitsFor: () => waiting.for };
  using watch = watchProgress(progress, signal);
  try {
    await writeBody(file.body, { upload, watch, waiting });
    checkDigest(head, upload);
    const { size, sha256, etag } = await upload.finish(watch.signal);
    const createdAt = created.toISOString();
    const expiresAt = new Date(created.getTime() + limits.keepMillis).toISOString();
    const { name } = head;
    const stored = { id, name, mediaType, size, sha256, etag, caller, createdAt, expiresAt };
    await writeUpload(uploads, stored, watch.signal);
    return stored;
  } catch (error) {
    await upload.abort();
    // The answer of the store may have been lost.
    await discardUploads(parts.store, [id]);
    throw error;
  }
}
