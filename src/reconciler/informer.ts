import { setTimeout as sleep } from 'node:timers/promises';
import { isServiceError } from '../errors.ts';
import type { ResourceClient } from '../kubernetes/resource-client.ts';
import type { KubernetesObject } from '../kubernetes/types.ts';
import type { Logger } from '../log.ts';
import { backOffMillis, type BackOff } from './back-off.ts';

/** What is kept of an object: the cache holds projections, so that memory follows what runs. */
export interface Projection {
  resourceVersion: string;
}

export interface InformerOptions<T extends KubernetesObject, P extends Projection> {
  kind: string;
  client: ResourceClient<T>;
  labelSelector: string;
  /** Key in the cache. */
  keyOf: (object: T) => string;
  /** Undefined: not ours, not kept. */
  project: (object: T) => P | undefined;
  /** Called for every change; `gone`: the object was deleted or is no longer selected. */
  onChange: (key: string, value: P, gone: boolean) => void;
  relistMillis: number;
  backoff: BackOff;
  log: Logger;
}

export interface Informer<T extends KubernetesObject, P> {
  get(key: string): P | undefined;
  values(): Iterable<P>;
  size(): number;
  /** Resolves when the first list is in the cache. */
  synced: Promise<void>;
  /** Takes in what a write of our own answered, so that the next decision sees it. */
  learn(object: T): void;
  forget(key: string): void;
  /** Ends when the signal given to `startInformer` aborts. */
  ended: Promise<void>;
}

const pageSize = 500;

/** A watch that stood for this long was no failure, even if it was quiet: something between here and the server cuts it. */
const soundMillis = 10_000;

/**
 * Lists in pages, then watches from there; a watch that ends in order is resumed from its last bookmark, one that breaks is
 * begun again with back-off and a list, and a full list comes every `relistMillis` however well the watch seems.
 */
export function startInformer<T extends KubernetesObject, P extends Projection>(
  options: InformerOptions<T, P>,
  signal: AbortSignal,
): Informer<T, P> {
  const cache = new Map<string, P>();
  const synced = Promise.withResolvers<undefined>();
  const state = {
    cache,
    options,
    synced: () => {
      synced.resolve(undefined);
    },
  };
  return {
    get: (key) => cache.get(key),
    values: () => cache.values(),
    size: () => cache.size,
    synced: synced.promise,
    learn: (object) => {
      learn(state, object);
    },
    forget: (key) => {
      cache.delete(key);
    },
    ended: run(state, signal),
  };
}

interface State<T extends KubernetesObject, P extends Projection> {
  cache: Map<string, P>;
  options: InformerOptions<T, P>;
  synced: () => void;
}

async function run<T extends KubernetesObject, P extends Projection>(
  state: State<T, P>,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const beganAt = performance.now();
    try {
      const resourceVersion = await relist(state, signal);
      state.synced();
      await watchUntilRelist(state, resourceVersion, signal);
      failures = 0;
    } catch (error) {
      if (performance.now() - beganAt > soundMillis) failures = 0;
      failures += 1;
      // History that is too short is no trouble of the server's, unless it is so again and again.
      if (failures === 1 && isServiceError(error, 'cluster-expired')) continue;
      await backOff(state.options, { failures, error }, signal);
    }
  }
}

async function backOff(
  { kind, backoff, log }: Pick<InformerOptions<KubernetesObject, Projection>, 'kind' | 'backoff' | 'log'>,
  { failures, error }: { failures: number; error: unknown },
  signal: AbortSignal,
): Promise<void> {
  await sleep(backOffMillis(backoff, failures), undefined, { signal }).then(
    () => {
      log.warn({ kind, failures, err: error }, 'The watch broke and begins again.');
    },
    () => undefined, // aborted: whatever broke, broke because we are ending
  );
}

async function relist<T extends KubernetesObject, P extends Projection>(
  state: State<T, P>,
  signal: AbortSignal,
): Promise<string> {
  const { client, labelSelector, keyOf } = state.options;
  const seen = new Set<string>();
  let next: string | undefined;
  let resourceVersion: string;
  do {
    const page = await client.list(
      { labelSelector, limit: pageSize, ...(next === undefined ? {} : { continue: next }) },
      signal,
    );
    for (const object of page.items) {
      seen.add(keyOf(object));
      learn(state, object);
    }
    next = page.continue;
    resourceVersion = page.resourceVersion;
  } while (next !== undefined);
  for (const [key, value] of state.cache) if (!seen.has(key)) drop(state, key, value);
  return resourceVersion;
}

async function watchUntilRelist<T extends KubernetesObject, P extends Projection>(
  state: State<T, P>,
  from: string,
  signal: AbortSignal,
): Promise<void> {
  const { client, labelSelector, relistMillis } = state.options;
  // Spread, so that the replicas and the kinds do not list at the same moment.
  const due = AbortSignal.timeout(Math.round(relistMillis * (0.8 + Math.random() * 0.4)));
  const bounded = AbortSignal.any([signal, due]);
  let resourceVersion = from;
  while (!bounded.aborted) {
    try {
      for await (const event of client.watch({ labelSelector, resourceVersion }, bounded)) {
        if (event.type === 'BOOKMARK') {
          resourceVersion = event.resourceVersion;
          continue;
        }
        resourceVersion = event.object.metadata?.resourceVersion ?? resourceVersion;
        take(state, event.type === 'DELETED', event.object);
      }
    } catch (error) {
      if (!due.aborted || signal.aborted) throw error;
    }
  }
}

function take<T extends KubernetesObject, P extends Projection>(
  state: State<T, P>,
  gone: boolean,
  object: T,
): void {
  if (!gone) {
    learn(state, object);
    return;
  }
  const key = state.options.keyOf(object);
  const value = read(state, object) ?? state.cache.get(key);
  if (value !== undefined) drop(state, key, value);
}

/** What cannot be read, since somebody broke it by hand, is left out until it is mended: the others must not wait for it. */
function read<T extends KubernetesObject, P extends Projection>(
  { options }: State<T, P>,
  object: T,
): P | undefined {
  try {
    return options.project(object);
  } catch (error) {
    options.log.error({ kind: options.kind, key: options.keyOf(object), err: error }, 'It cannot be read.');
    return undefined;
  }
}

/** An older version than the cached one is an echo of the past: our own write was faster than the watch. */
function learn<T extends KubernetesObject, P extends Projection>(state: State<T, P>, object: T): void {
  const { cache, options } = state;
  const key = options.keyOf(object);
  const value = read(state, object);
  const known = cache.get(key);
  if (value === undefined) {
    if (known !== undefined) drop(state, key, known);
    return;
  }
  if (known !== undefined && Number(known.resourceVersion) >= Number(value.resourceVersion)) return;
  cache.set(key, value);
  options.onChange(key, value, false);
}

function drop<T extends KubernetesObject, P extends Projection>(
  { cache, options }: State<T, P>,
  key: string,
  value: P,
): void {
  cache.delete(key);
  options.onChange(key, value, true);
}
