import type { Manifest, ManifestFile } from '../result/manifest.ts';
import type { FoundFile } from './found-file.ts';
import type { StoredFile } from './journal.ts';

export interface ManifestSource {
  flow: string;
  attempt: string;
  /** The last look's. */
  files: readonly FoundFile[];
  stored: ReadonlyMap<string, StoredFile>;
  now: Date;
}

/** What the last look saw, and what was stored and freed before it; files that the worker removed are not results. */
export function buildManifest({ flow, attempt, files, stored, now }: ManifestSource): Manifest {
  const present = new Set(files.map((file) => file.path));
  const entries = [...stored.values()]
    .filter((file) => present.has(file.path) || file.released === true)
    .map(manifestFile)
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  return { version: 1, flow, attempt, createdAt: now.toISOString(), files: entries };
}

function manifestFile({ path, key, size, sha256, crc32, etag, modifiedAt }: StoredFile): ManifestFile {
  return { path, key, size, sha256, crc32, etag, modifiedAt };
}
