import { ServiceError } from '../errors.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { manifestKey } from '../flow/keys.ts';
import { readManifest, type StoredManifest } from './read-manifest.ts';
import { untilAborted } from '../until-aborted.ts';

export interface ManifestCache {
  /**
   * Undefined once the results are deleted: every call checks with one HEAD that the manifest still exists, and reads it only if it is
   * not cached. Throws `precondition-failed` if the object is not a valid manifest.
   */
  load(flow: string, attempt: string, signal: AbortSignal): Promise<StoredManifest | undefined>;
}

/** The limit counts the objects' bytes; parsed they take about three times that. The last manifest used stays, however large. */
const manifestCacheBytes = 32 * 1024 * 1024;

/** Manifests larger than this are read one after another: each takes several times its size while it is parsed. */
const largeBytes = 4 * 1024 * 1024;

/** Shared by the requests for the files of one attempt. The least recently used manifest is dropped first. */
export function createManifestCache(
  store: ObjectStore,
  limits: { bytes?: number; largeBytes?: number } = {},
): ManifestCache {
  const kept = new Map<string, StoredManifest>();
  const loads = new SharedLoads<StoredManifest | undefined>();
  const inTurn = createTurns();
  return {
    async load(flow, attempt, signal) {
      const key = manifestKey(flow, attempt);
      const info = await store.head(key, signal);
      const known = kept.get(key);
      kept.delete(key);
      if (info === undefined) return undefined;
      const isLarge = info.size > (limits.largeBytes ?? largeBytes);
      async function readIt(until: AbortSignal): Promise<StoredManifest | undefined> {
        const source = { store, flow, attempt };
        return await (isLarge ? inTurn(() => read(source, until)) : read(source, until));
      }
      const stored =
        known?.etag === info.etag ? known : await loads.load(`${key} ${info.etag}`, readIt, signal);
      if (stored === undefined) return undefined;
      kept.delete(key);
      kept.set(key, stored);
      trim(kept, limits.bytes ?? manifestCacheBytes);
      return stored;
    },
  };
}

/** One at a time, in the order of the calls. */
function createTurns(): <T>(act: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return async function inTurn(act) {
    const before = last;
    const ended = Promise.withResolvers<undefined>();
    last = ended.promise;
    await before;
    try {
      return await act();
    } finally {
      ended.resolve(undefined);
    }
  };
}

async function read(
  source: { store: ObjectStore; flow: string; attempt: string },
  signal: AbortSignal,
): Promise<StoredManifest | undefined> {
  const reading = await readManifest(source, signal);
  if (reading.found) return reading.stored;
  if (reading.reason === 'results-missing') return undefined;
  throw new ServiceError('precondition-failed', reading.message);
}

function trim(kept: Map<string, StoredManifest>, limitBytes: number): void {
  let bytes = 0;
  for (const { size } of kept.values()) bytes += size;
  for (const [key, { size }] of kept) {
    if (bytes <= limitBytes || kept.size === 1) return;
    kept.delete(key);
    bytes -= size;
  }
}

type Load<T> = (signal: AbortSignal) => Promise<T>;

interface Shared<T> {
  result: Promise<T>;
  waiting: number;
  left: AbortController;
}

/** Calls for a key that is being loaded share that load. A caller can leave at any time; the load is aborted when the last one has left. */
class SharedLoads<T> {
  readonly #underWay = new Map<string, Shared<T>>();

  async load(key: string, load: Load<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const shared = this.#underWay.get(key) ?? this.#begin(key, load);
    shared.waiting += 1;
    try {
      return await untilAborted(shared.result, signal);
    } finally {
      shared.waiting -= 1;
      if (shared.waiting === 0) this.#end(key, shared);
    }
  }

  #begin(key: string, load: Load<T>): Shared<T> {
    const left = new AbortController();
    const shared = { result: load(left.signal), waiting: 0, left };
    this.#underWay.set(key, shared);
    return shared;
  }

  /** Later calls must not join an aborted load. */
  #end(key: string, shared: Shared<T>): void {
    if (this.#underWay.get(key) === shared) this.#underWay.delete(key);
    shared.left.abort(new Error('nobody waits for it any more'));
  }
}
