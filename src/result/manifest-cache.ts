import { ServiceError } from '../errors.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { manifestKey } from './manifest.ts';
import { readManifest, type StoredManifest } from './read-manifest.ts';

export interface ManifestCache {
  /**
   * Undefined once the results are deleted: every call asks the store whether the manifest is still there, with one HEAD, and
   * reads it only if it does not have it. Throws `precondition-failed` for one that is not a manifest any more.
   */
  load(flow: string, attempt: string, signal: AbortSignal): Promise<StoredManifest | undefined>;
}

/** Bounded by the size of the objects; parsed they take about three times that. */
const manifestCacheBytes = 32 * 1024 * 1024;

/** What many requests for the files of one attempt share. The least recently asked for leaves first. */
export function createManifestCache(store: ObjectStore, limitBytes = manifestCacheBytes): ManifestCache {
  const kept = new Map<string, StoredManifest>();
  return {
    async load(flow, attempt, signal) {
      const key = manifestKey(flow, attempt);
      const info = await store.head(key, signal);
      const known = kept.get(key);
      kept.delete(key);
      if (info === undefined) return undefined;
      const stored = known?.etag === info.etag ? known : await read({ store, flow, attempt }, signal);
      if (stored === undefined) return undefined;
      kept.set(key, stored);
      trim(kept, limitBytes);
      return stored;
    },
  };
}

async function read(
  asked: { store: ObjectStore; flow: string; attempt: string },
  signal: AbortSignal,
): Promise<StoredManifest | undefined> {
  const reading = await readManifest(asked, signal);
  if (reading.found) return reading.stored;
  if (reading.reason === 'results-missing') return undefined;
  throw new ServiceError('precondition-failed', reading.message);
}

function trim(kept: Map<string, StoredManifest>, limitBytes: number): void {
  let bytes = 0;
  for (const { size } of kept.values()) bytes += size;
  for (const [key, { size }] of kept) {
    if (bytes <= limitBytes) return;
    kept.delete(key);
    bytes -= size;
  }
}
