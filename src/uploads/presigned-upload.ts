import { ServiceError } from '../errors.ts';
import { presignedUploadKey, uploadContentKey } from '../flow/keys.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import {
  abortUpload,
  beginUpload,
  partSizeOf,
  type MultipartUpload,
} from '../storage/upload/multipart-upload.ts';
import { putObject } from '../storage/upload/put-object.ts';
import type { UploadParts } from './receive-upload.ts';
import { newUploadId, readDescription, removeUpload, type StoredUpload } from './stored-upload.ts';
import { jsonPayload } from '../storage/upload/ask-store.ts';

/** An upload in parts that its client sends to the store itself. It becomes a `StoredUpload` when it is complete. */
export interface PresignedUpload extends Omit<StoredUpload, 'sha256' | 'etag'> {
  /** Hex; as its client has said. */
  sha256?: string;
  /** That of the store. */
  uploadId: string;
  /** Bytes of each part but the last. */
  partSize: number;
}

export type WantedUpload = Pick<PresignedUpload, 'name' | 'mediaType' | 'size' | 'sha256' | 'caller'>;

export async function startPresigned(
  { uploads, limits, now, newId }: UploadParts,
  wanted: WantedUpload,
  signal: AbortSignal,
): Promise<PresignedUpload> {
  const { maxPresignedBytes: most, keepMillis } = limits;
  if (wanted.size > most)
    throw new ServiceError(
      'payload-too-large',
      `size: expected at most ${most} bytes (uploads.maxPresignedBytes)`,
      {
        field: 'size',
      },
    );
  const created = now();
  const id = newUploadId(created, newId());
  const multipart = await beginUpload(uploads, { key: uploadContentKey(id), checksums: false }, signal);
  const upload: PresignedUpload = {
    ...{ id, ...wanted, uploadId: multipart.uploadId, partSize: partSizeOf(wanted.size) },
    createdAt: created.toISOString(),
    expiresAt: new Date(created.getTime() + keepMillis).toISOString(),
  };
  try {
    await putObject(uploads, { key: presignedUploadKey(id), payload: jsonPayload(upload) }, signal);
    return upload;
  } catch (error) {
    await abortUpload(uploads, multipart, AbortSignal.timeout(discardMillis)).catch(() => undefined);
    throw error;
  }
}

const discardMillis = 5000;

/** Undefined if there is none, also after its deletion. */
export async function readPresigned(
  store: Pick<ObjectStore, 'read'>,
  id: string,
  signal: AbortSignal,
): Promise<PresignedUpload | undefined> {
  return (await readDescription(store, { id, key: presignedUploadKey }, signal)) as
    PresignedUpload | undefined;
}

export function multipartOf({ id, uploadId }: Pick<PresignedUpload, 'id' | 'uploadId'>): MultipartUpload {
  return { key: uploadContentKey(id), uploadId };
}

export function partCountOf({ size, partSize }: Pick<PresignedUpload, 'size' | 'partSize'>): number {
  return Math.ceil(size / partSize);
}

export function sizeOfPart(upload: Pick<PresignedUpload, 'size' | 'partSize'>, number: number): number {
  const { size, partSize } = upload;
  return number < partCountOf(upload) ? partSize : size - (number - 1) * partSize;
}

/** Its record goes first: a completion under way finds that it is gone, and removes what it has written. */
export async function removePresigned(
  { store, uploads }: Pick<UploadParts, 'store' | 'uploads'>,
  upload: PresignedUpload,
  signal: AbortSignal,
): Promise<void> {
  await store.remove([presignedUploadKey(upload.id)], signal);
  await abortUpload(uploads, multipartOf(upload), signal);
  await removeUpload(store, upload.id, signal);
}
