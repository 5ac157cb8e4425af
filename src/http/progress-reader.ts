import { progressKey } from '../flow/keys.ts';
import { readProgress, type FlowProgress } from '../flow/progress.ts';
import type { ObjectStore } from '../storage/object-store.ts';

/**
 * The progress of an attempt; undefined if none is known. Never throws and never waits long: it only decorates an answer. While the store
 * gives no answer, the last known one is shown.
 */
export type ProgressReader = (flow: string, attempt: string) => Promise<FlowProgress | undefined>;

interface ProgressOptions {
  store: Pick<ObjectStore, 'read'>;
  /** How long an answer of the store is used. */
  freshMillis?: number;
  monotonic?: () => number;
}

const limitBytes = 8192;
const readMillis = 2000;
const mostKept = 500;

/** All clients of a replica share the reads of an attempt. */
export function createProgressReader({
  store,
  freshMillis = 2000,
  monotonic = () => performance.now(),
}: ProgressOptions): ProgressReader {
  const kept = new Map<string, { at: number; progress: Promise<FlowProgress | undefined> }>();
  return async function progressOf(flow, attempt) {
    const key = progressKey(flow, attempt);
    const known = kept.get(key);
    if (known !== undefined && monotonic() - known.at < freshMillis) return await known.progress;
    const progress = read(store, key).catch(() => known?.progress);
    // The oldest entry is the first one.
    kept.delete(key);
    kept.set(key, { at: monotonic(), progress });
    const [oldest] = kept.keys();
    if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
    return await progress;
  };
}

async function read(store: Pick<ObjectStore, 'read'>, key: string): Promise<FlowProgress | undefined> {
  const object = await store.read(key, limitBytes, AbortSignal.timeout(readMillis));
  return object?.bytes && readProgress(object.bytes.toString('utf8'));
}
