import { createHash } from 'node:crypto';
import { ServiceError } from '../errors.ts';
import { nextChunk } from '../inbox/next-chunk.ts';
import { uploadContentKey } from '../flow/keys.ts';
import type { ObjectInfo } from '../storage/object-store.ts';
import { listParts, type StoredPart } from '../storage/upload/list-parts.ts';
import { completeUpload } from '../storage/upload/multipart-upload.ts';
import { watchProgress } from '../transfer/watch-progress.ts';
import {
  multipartOf,
  partCountOf,
  readPresigned,
  removePresigned,
  sizeOfPart,
  type PresignedUpload,
} from './presigned-upload.ts';
import type { UploadParts } from './receive-upload.ts';
import { readUpload, removeUpload, writeUpload, type StoredUpload } from './stored-upload.ts';
import { release } from '../release-memory.ts';

/**
 * Makes an upload of the parts, reads it back once for its sha256, and describes it. Each step finds what an earlier call has done, so that it
 * may be repeated. Throws `conflict` if parts are missing, and `invalid-request` for other bytes than the client has said, which are removed.
 */
export async function completePresigned(
  parts: UploadParts,
  upload: PresignedUpload,
  signal: AbortSignal,
): Promise<StoredUpload> {
  const { store, uploads } = parts;
  const { id } = upload;
  const known = await readUpload(store, id, signal);
  if (known !== undefined) return known;
  const { size, etag } = await assemble(parts, upload, signal);
  const sha256 = await digestOf(parts, { key: uploadContentKey(id), size, etag }, signal);
  if (upload.sha256 !== undefined && upload.sha256 !== sha256) {
    await removePresigned(parts, upload, signal);
    const problem = `sha256: expected ${upload.sha256}, received bytes with ${sha256}; the upload is deleted`;
    throw new ServiceError('invalid-request', problem, { field: 'sha256' });
  }
  const { name, mediaType, caller, createdAt, expiresAt } = upload;
  const stored = { id, name, mediaType, size, sha256, etag, caller, createdAt, expiresAt };
  await writeUpload(uploads, stored, signal);
  if ((await readPresigned(store, id, signal)) !== undefined) return stored;
  // It was deleted meanwhile.
  await removeUpload(store, id, signal);
  throw gone();
}

async function assemble(
  { store, uploads }: UploadParts,
  upload: PresignedUpload,
  signal: AbortSignal,
): Promise<ObjectInfo> {
  const multipart = multipartOf(upload);
  const stored = await listParts(uploads, multipart, signal);
  if (stored !== undefined) {
    checkParts(upload, stored);
    await completeUpload(uploads, { ...multipart, parts: stored }, signal);
  }
  const object = await store.head(multipart.key, signal);
  if (object === undefined) throw gone();
  return object;
}

function checkParts(upload: PresignedUpload, stored: readonly StoredPart[]): void {
  const sizes = new Map(stored.map(({ number, size }) => [number, size]));
  const count = partCountOf(upload);
  for (let number = 1; number <= count; number += 1) {
    const expected = sizeOfPart(upload, number);
    const size = sizes.get(number);
    if (size === expected) continue;
    const received = size === undefined ? 'none' : `${size}`;
    throw conflict(`parts: expected ${expected} bytes of part ${number} of ${count}, received ${received}`);
  }
  if (stored.length !== count) throw conflict(`parts: expected ${count} parts, received ${stored.length}`);
}

/** No more than a chunk is in memory. */
async function digestOf(
  { store, limits, clock }: UploadParts,
  { key, size, etag }: ObjectInfo,
  signal: AbortSignal,
): Promise<string> {
  const { idleMillis, totalMillis } = limits;
  const deadline = clock.monotonic() + totalMillis;
  using watch = watchProgress(
    { clock, idleMillis, deadline, waitsFor: () => 'the store gave no byte' },
    signal,
  );
  const body = await store.get(key, { first: 0, last: size - 1, etag }, watch.signal);
  const chunks = body[Symbol.asyncIterator]();
  const digest = createHash('sha256');
  let read = 0;
  for (;;) {
    const chunk = await nextChunk(chunks, read, watch.signal);
    watch.moved();
    if (chunk === undefined) break;
    digest.update(chunk);
    read += chunk.length;
    release(chunk);
  }
  if (read === size) return digest.digest('hex');
  throw new ServiceError('store-unavailable', `the store sent ${read} of ${size} bytes`);
}

function conflict(message: string): ServiceError {
  return new ServiceError('conflict', message, { field: 'parts' });
}

function gone(): ServiceError {
  return new ServiceError('not-found', 'there is no such upload');
}
