import { createHash, type Hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { ServiceError } from '../../errors.ts';
import type { BufferPool } from './buffer-pool.ts';
import {
  partBytes,
  partSizeOf,
  abortUpload,
  beginUpload,
  completeUpload,
  putPart,
  type MultipartUpload,
  type Part,
} from './multipart-upload.ts';
import type { StoreAccess } from './ask-store.ts';
import { putObject } from './put-object.ts';

/** An open file, as it was when it was opened. */
export interface FileSource {
  size: number;
  /** Reads at `position` into `buffer` and returns the count of bytes; 0 at the end. */
  read(buffer: Buffer, position: number): Promise<number>;
  /** Called when everything is read and nothing is stored yet. */
  isUnchanged(): Promise<boolean>;
}

interface Upload {
  source: FileSource;
  key: string;
  store: StoreAccess;
  pool: BufferPool;
  /** Called before the first part, so that a crash leaves no upload behind whose id is lost. */
  onBegun?: (upload: MultipartUpload) => void;
  /** Called when the upload is completed or aborted. */
  onEnded?: (upload: MultipartUpload) => void;
}

export type UploadResult =
  { result: 'stored'; etag: string; sha256: string; crc32: string } | { result: 'changed' };

interface Digest {
  sha256: Hash;
  crc32: number;
}

/** The event loop runs between two slices; a slice stays in the processor's cache between reading and hashing. */
const sliceBytes = 1024 * 1024;
const abortMillis = 2_000;

/**
 * Stores one file, which is read once and in order: each buffer goes through sha256 and crc32 and then to the store, while the next one
 * is read. A file that changes meanwhile leaves no object.
 */
export async function uploadFile(upload: Upload, signal: AbortSignal): Promise<UploadResult> {
  return upload.source.size <= partBytes ? uploadWhole(upload, signal) : uploadParts(upload, signal);
}

async function uploadWhole({ source, key, store, pool }: Upload, signal: AbortSignal): Promise<UploadResult> {
  const buffer = await pool.take(source.size, signal);
  try {
    const digest = { sha256: createHash('sha256'), crc32: 0 };
    const read = await fill(buffer.subarray(0, source.size), { source, digest, position: 0 });
    if (read === undefined || !(await source.isUnchanged())) return { result: 'changed' };
    const payload = { bytes: buffer.subarray(0, source.size), crc32: read.crc32 };
    const etag = await putObject(store, { key, payload }, signal);
    return stored(etag, digest);
  } finally {
    pool.give(buffer);
  }
}

async function uploadParts(upload: Upload, signal: AbortSignal): Promise<UploadResult> {
  const { store, key, source } = upload;
  const multipart = await beginUpload(store, { key, checksums: true }, signal);
  upload.onBegun?.(multipart);
  const failed = new AbortController();
  const sending: Promise<Part>[] = [];
  try {
    const digest = { sha256: createHash('sha256'), crc32: 0 };
    const either = AbortSignal.any([signal, failed.signal]);
    const complete = await sendParts({ ...upload, multipart, digest, sending, failed }, either);
    const parts = await Promise.all(sending);
    if (complete && (await source.isUnchanged())) {
      const etag = await completeUpload(store, { ...multipart, parts }, signal);
      upload.onEnded?.(multipart);
      return stored(etag, digest);
    }
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled(sending);
    await abandon(upload, multipart);
    throw failed.signal.reason;
  }
  await abandon(upload, multipart);
  return { result: 'changed' };
}

interface Sending extends Upload {
  multipart: MultipartUpload;
  digest: Digest;
  sending: Promise<Part>[];
  failed: AbortController;
}

/** The pool's budget bounds how many parts are under way. Returns false if the file ended early. */
async function sendParts(upload: Sending, signal: AbortSignal): Promise<boolean> {
  const { source, pool, store, digest, multipart, sending, failed } = upload;
  const partSize = partSizeOf(source.size);
  for (let position = 0; position < source.size; position += partSize) {
    const length = Math.min(partSize, source.size - position);
    const buffer = await pool.take(partSize, signal);
    const bytes = buffer.subarray(0, length);
    const read = await fill(bytes, { source, digest, position }).catch((error: unknown) => {
      pool.give(buffer);
      throw error;
    });
    if (read === undefined) {
      pool.give(buffer);
      return false;
    }
    const payload = { bytes, crc32: read.crc32 };
    const part = { ...multipart, number: sending.length + 1, payload };
    const sent = putPart(store, part, signal).finally(() => {
      pool.give(buffer);
    });
    sent.catch((error: unknown) => {
      failed.abort(error);
    });
    sending.push(sent);
  }
  return true;
}

interface Reading {
  source: FileSource;
  digest: Digest;
  position: number;
}

/** Fills the buffer from the file, slice by slice. Undefined if the file ends before the buffer is full. */
async function fill(
  buffer: Buffer,
  { source, digest, position }: Reading,
): Promise<{ crc32: number } | undefined> {
  let checksum = 0;
  for (let filled = 0; filled < buffer.length;) {
    const slice = buffer.subarray(filled, Math.min(filled + sliceBytes, buffer.length));
    const read = await source.read(slice, position + filled);
    if (read === 0) return undefined;
    const bytes = slice.subarray(0, read);
    digest.sha256.update(bytes);
    digest.crc32 = crc32(bytes, digest.crc32);
    checksum = crc32(bytes, checksum);
    filled += read;
  }
  return { crc32: checksum };
}

function stored(etag: string, digest: Digest): UploadResult {
  const hex = digest.crc32.toString(16).padStart(8, '0');
  return { result: 'stored', etag, sha256: digest.sha256.digest('hex'), crc32: hex };
}

/** Aborts an upload, whose parts would take space otherwise. A failure is not reported: the journal keeps the upload. */
async function abandon({ store, onEnded }: Upload, multipart: MultipartUpload): Promise<void> {
  try {
    await abortUpload(store, multipart, AbortSignal.timeout(abortMillis));
    onEnded?.(multipart);
  } catch (error) {
    if (!(error instanceof ServiceError) && !(error instanceof DOMException)) throw error;
  }
}
