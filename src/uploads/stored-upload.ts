import { presignedUploadKey, uploadContentKey, uploadDescriptionKey } from '../flow/keys.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { StoreAccess } from '../storage/upload/ask-store.ts';
import { putObject } from '../storage/upload/put-object.ts';
import { jsonPayload } from '../storage/upload/ask-store.ts';

/** An input file in the bucket. Its description is written when the file is whole. */
export interface StoredUpload {
  id: string;
  /** One segment of a path. */
  name: string;
  mediaType: string;
  size: number;
  /** Hex. */
  sha256: string;
  etag: string;
  /** The name of the key that has sent it. */
  caller: string;
  /** RFC 3339. */
  createdAt: string;
  /** RFC 3339. From then on nobody finds it, and a sweep deletes it. */
  expiresAt: string;
}

const idPattern = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * A UUID of version 7, whose first part is the time: keys are listed in the order of their creation, so that a sweep reads those that are due
 * and stops. `random` is a UUID of version 4.
 */
export function newUploadId(now: Date, random: string): string {
  const time = now.getTime().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
}

/** Milliseconds since the epoch; undefined for what is no id of an upload. */
export function uploadTime(id: string): number | undefined {
  const [, high, low] = idPattern.exec(id) ?? [];
  return high === undefined || low === undefined ? undefined : Number.parseInt(high + low, 16);
}

const limitBytes = 64 * 1024;

/** Undefined if there is none: an unknown id, or a file that is not whole. The caller checks whose it is, and whether it has expired. */
export async function readUpload(
  store: Pick<ObjectStore, 'read'>,
  id: string,
  signal: AbortSignal,
): Promise<StoredUpload | undefined> {
  return (await readDescription(store, { id, key: uploadDescriptionKey }, signal)) as
    StoredUpload | undefined;
}

/** The JSON that describes an upload, whole or not yet; undefined if there is none. */
export async function readDescription(
  store: Pick<ObjectStore, 'read'>,
  { id, key }: { id: string; key: (id: string) => string },
  signal: AbortSignal,
): Promise<object | undefined> {
  if (uploadTime(id) === undefined) return undefined;
  const object = await store.read(key(id), limitBytes, signal);
  return object?.bytes && (JSON.parse(object.bytes.toString('utf8')) as object);
}

export function hasExpired({ expiresAt }: Pick<StoredUpload, 'expiresAt'>, now: Date): boolean {
  return Date.parse(expiresAt) <= now.getTime();
}

export async function writeUpload(
  store: StoreAccess,
  upload: StoredUpload,
  signal: AbortSignal,
): Promise<void> {
  const object = { key: uploadDescriptionKey(upload.id), payload: jsonPayload(upload) };
  await putObject(store, object, signal);
}

/** The description goes first: nobody finds an upload without content. */
export async function removeUpload(
  store: Pick<ObjectStore, 'remove'>,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  await store.remove([uploadDescriptionKey(id), presignedUploadKey(id)], signal);
  await store.remove([uploadContentKey(id)], signal);
}

const discardMillis = 5000;

/** Removes those of a request that is refused, even if its client has left. What cannot be removed now is swept when it expires. */
export async function discardUploads(
  store: Pick<ObjectStore, 'remove'>,
  ids: readonly string[],
): Promise<void> {
  for (const id of ids)
    await removeUpload(store, id, AbortSignal.timeout(discardMillis)).catch(() => undefined);
}
