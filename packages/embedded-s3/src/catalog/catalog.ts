import { createHash } from 'node:crypto';
import type { Checksum, ChecksumAlgorithm } from '../content/digests.ts';
import { releaseSegments, type Segment } from '../content/segments.ts';
import { StoreError } from '../http/store-error.ts';
import { createSortedIndex, type SortedIndex } from './sorted-index.ts';

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
  /** The algorithm of the checksums of its parts and its object, if they have any. */
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
 * All buckets with their objects and open uploads. It is kept in memory alone: the folder holds content without names,
 * and a store that is started again is empty.
 */
export type Catalog = Map<string, Bucket>;

export function createBucketIn(catalog: Catalog, name: string, created: number): void {
  catalog.set(name, { name, created, objects: createSortedIndex(), uploads: new Map() });
}

export function findBucket(catalog: Catalog, name: string): Bucket {
  const bucket = catalog.get(name);
  if (bucket === undefined) throw new StoreError('NoSuchBucket');
  return bucket;
}

export function findObject(bucket: Bucket, key: string): StoredObject {
  const object = bucket.objects.get(key);
  if (object === undefined) throw new StoreError('NoSuchKey');
  return object;
}

/** Stores an object under its key and removes the one before it. */
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

/** Removes an upload and its parts, except those that an object holds by now. */
export function removeUpload(bucket: Bucket, upload: Upload): void {
  bucket.uploads.delete(upload.id);
  for (const part of upload.parts.values()) releaseSegments(part.segments);
}

/** The ETag of a multipart object: a digest of the digests of its parts. */
export function multipartEtag(parts: readonly Part[]): string {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part.md5);
  return `${hash.digest('hex')}-${parts.length}`;
}
