import { createHash } from 'node:crypto';
import type { Checksum, ChecksumAlgorithm } from './digests.ts';
import { releaseSegments, type Segment } from './segments.ts';
import { createSortedIndex, type SortedIndex } from './sorted-index.ts';
import { StoreError } from './store-error.ts';

/** Headers kept with an object: its type, encoding and user metadata. */
export type KeptHeaders = Readonly<Record<string, string>>;

export interface StoredObject {
  readonly segments: readonly Segment[];
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  readonly modified: number;
  readonly headers: KeptHeaders;
  readonly checksum: Checksum | undefined;
}

export interface Part {
  readonly segments: readonly Segment[];
  readonly size: number;
  readonly md5: Buffer;
  readonly modified: number;
  readonly checksum: Buffer | undefined;
}

export interface Upload {
  readonly id: string;
  readonly key: string;
  readonly started: number;
  readonly headers: KeptHeaders;
  /** Of the checksums of its parts and of its object, if it has any. */
  readonly algorithm: ChecksumAlgorithm | undefined;
  readonly parts: Map<number, Part>;
}

export interface Bucket {
  readonly name: string;
  readonly created: number;
  readonly objects: SortedIndex<StoredObject>;
  readonly uploads: Map<string, Upload>;
}

/**
 * Which buckets, objects and uploads there are. It lives in memory alone: the folder holds nameless content, and a store
 * that is started again begins empty, as the cluster beside it does.
 */
export type Catalog = Map<string, Bucket>;

export function createBucketIn(catalog: Catalog, name: string, created: number): void {
  catalog.set(name, { name, created, objects: createSortedIndex(), uploads: new Map() });
}

export function bucketOf(catalog: Catalog, name: string): Bucket {
  const bucket = catalog.get(name);
  if (bucket === undefined) throw new StoreError('NoSuchBucket');
  return bucket;
}

export function objectOf(bucket: Bucket, key: string): StoredObject {
  const object = bucket.objects.get(key);
  if (object === undefined) throw new StoreError('NoSuchKey');
  return object;
}

/** The upload of that id, if it is one to this key. */
export function uploadOf(bucket: Bucket, key: string, id: string): Upload {
  const upload = bucket.uploads.get(id);
  if (upload?.key !== key) throw new StoreError('NoSuchUpload');
  return upload;
}

/** Puts an object in place of whatever had its key. */
export function placeObject(bucket: Bucket, key: string, object: StoredObject): void {
  removeObject(bucket, key);
  bucket.objects.set(key, object);
}

export function removeObject(bucket: Bucket, key: string): void {
  const object = bucket.objects.get(key);
  if (object === undefined) return;
  bucket.objects.delete(key);
  releaseSegments(object.segments);
}

/** Ends an upload; its parts go, but for those an object holds by now. */
export function removeUpload(bucket: Bucket, upload: Upload): void {
  bucket.uploads.delete(upload.id);
  for (const part of upload.parts.values()) releaseSegments(part.segments);
}

/** The ETag of a multipart object: no digest of its content, but of the digests of its parts. */
export function multipartEtag(parts: readonly Part[]): string {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part.md5);
  return `${hash.digest('hex')}-${parts.length}`;
}
