import { hash } from 'node:crypto';
import type { ArchiveFormat } from '../flow/flow-plan.ts';
import { lengthOf, type ObjectSource, type Segment } from './archive/segment.ts';
import { tarSegments } from './archive/tar.ts';
import { zipSegments } from './archive/zip.ts';
import { manifestKey } from '../flow/keys.ts';
import { fileKey, type ManifestFile } from './manifest.ts';
import { mediaTypeOf, fileName } from './paths.ts';
import type { StoredManifest } from './read-manifest.ts';

/** Bytes to download: their length and ETag are known before any of them is read. */
export interface ResultBody {
  length: number;
  /** Strong, with its quotes. */
  etag: string;
  contentType: string;
  fileName: string;
  /** New on every call. */
  segments: () => Iterable<Segment>;
}

/** Part of an archive's ETag. Change it with what `archive/` writes, or a range would mix two archives. */
const archiveRevision = '1';

export function fileBody({ manifest }: StoredManifest, file: ManifestFile, contentType?: string): ResultBody {
  const object = {
    key: fileKey(manifest.flow, manifest.attempt, file.key),
    etag: file.etag,
    crc32: file.crc32,
  };
  return {
    length: file.size,
    etag: `"${file.sha256}"`,
    contentType: contentType ?? mediaTypeOf(file.path),
    fileName: fileName(file.path),
    segments: () => (file.size === 0 ? [] : [{ length: file.size, object }]),
  };
}

export function archiveBody({ manifest, sha256 }: StoredManifest, format: ArchiveFormat): ResultBody {
  function segments(): Iterable<Segment> {
    return archiveSegments[format](manifest.files, sourceOf);
  }
  function sourceOf({ key, etag, crc32 }: ManifestFile): ObjectSource {
    return { key: fileKey(manifest.flow, manifest.attempt, key), etag, crc32 };
  }
  const tag = hash('sha256', `${format} ${archiveRevision} ${sha256}`, 'hex');
  return {
    length: lengthOf(segments()),
    etag: `"${tag}"`,
    contentType: mediaTypeOf(`archive.${format}`),
    fileName: `${manifest.flow}.${format}`,
    segments,
  };
}

export function manifestBody({ manifest, sha256, size, etag }: StoredManifest): ResultBody {
  const object = { key: manifestKey(manifest.flow, manifest.attempt), etag };
  return {
    length: size,
    etag: `"${sha256}"`,
    contentType: mediaTypeOf('manifest.json'),
    fileName: 'manifest.json',
    segments: () => [{ length: size, object }],
  };
}

const archiveSegments = { zip: zipSegments, tar: tarSegments };
