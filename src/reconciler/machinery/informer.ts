import { setTimeout as sleep } from 'node:timers/promises';
import { isServiceError, ServiceError } from '../../errors.ts';
import type { ResourceClient } from '../../kubernetes/resource-client.ts';
import type { KubernetesObject } from '../../kubernetes/types.ts';
import type { WatchEvent } from '../../kubernetes/watch-events.ts';
import { backOffMillis, type BackOff } from '../../back-off.ts';
import { ObjectCache, type ObjectCacheOptions, type Projection } from './object-cache.ts';

export interface InformerOptions<T extends KubernetesObject, P extends Projection> extends ObjectCacheOptions<
  T,
  P
> {
  client: Pick<ResourceClient<T>, 'list' | 'watch'>;
  labelSelector: string;
  relistMillis: number;
  backoff: BackOff;
}

export interface Informer<T extends KubernetesObject, P> {
  get(key: string): P | undefined;
  keys(): Iterable<string>;
  values(): Iterable<P>;
  size(): number;
  /** True when the first list is in the cache, false if the informer ended before. */
  synced: Promise<boolean>;
  /** Takes in the answer to a request of our own, so that the next decision sees it and its echo is no change. */
  update(object: T): void;
  remove(key: string): void;
  /** Ends when the signal given to `startInformer` aborts. */
  ended: Promise<void>;
}

const pageSize = 500;

/** A watch that stood for this long was no failure, even if it was quiet: something between here and the server cuts it. */
const soundMillis = 10_000;

/** A watch that ends sooner than this without an event is a failure, even if the server closed it in order: the next one may be too. */
const shortestWatchMillis = 1000;

/**
 * Lists in pages, then watches from there; a watch that ends in order is resumed from its last bookmark, one that breaks is
 * begun again with back-off and a list, and a full list comes every `relistMillis` however well the watch seems.
 */
export function startInformer<T extends KubernetesObject, P extends Projection>(
  options: InformerOptions<T, P>,
  signal: AbortSignal,
): Informer<T, P> {
  const cache = new ObjectCache(options);
  const synced = Promise.withResolvers<boolean>();
  const ended = run({ cache, options, synced: synced.resolve }, signal).finally(() => {
    synced.resolve(false);
  });
  return {
    get: (key) => cache.get(key),
    keys: () => cache.keys(),
    values: () => cache.all(),
    size: () => cache.size,
    synced: synced.promise,
    update: (object) => {
      cache.update(object, { own: true });
    },
    remove: (key) => {
      cache.remove(key);
    },
    ended,
  };
}

interface State<T extends KubernetesObject, P extends Projection> {
  cache: ObjectCache<T, P>;
  options: InformerOptions<T, P>;
  synced: (filled: boolean) => void;
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
      state.synced(true);
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
      state.cache.update(object, { own: false });
    }
    next = page.continue;
    resourceVersion = page.resourceVersion;
  } while (next !== undefined);
  state.cache.keepOnly(seen, resourceVersion);
  return resourceVersion;
}

async function watchUntilRelist<T extends KubernetesObject, P extends Projection>(
  state: State<T, P>,
  from: string,
  signal: AbortSignal,
): Promise<void> {
  const { kind, client, labelSelector, relistMillis } = state.options;
  // Spread, so that the replicas and the kinds do not list at the same moment.
  const due = AbortSignal.timeout(Math.round(relistMillis * (0.8 + Math.random() * 0.4)));
  const bounded = AbortSignal.any([signal, due]);
  let resourceVersion = from;
  while (!bounded.aborted) {
    const beganAt = performance.now();
    let last: { resourceVersion: string; events: number };
    try {
      last = await follow(state, client.watch({ labelSelector, resourceVersion }, bounded), resourceVersion);
    } catch (error) {
      if (!due.aborted || signal.aborted) throw error;
      return;
    }
    ({ resourceVersion } = last);
    const wasShort = last.events === 0 && performance.now() - beganAt < shortestWatchMillis;
    if (wasShort && !due.aborted && !signal.aborted)
      throw new ServiceError('cluster-unavailable', `The watch of ${kind} was closed as soon as it stood.`);
  }
}

/** Until the watch ends: where the next one goes on, and how many objects it showed. */
async function follow<T extends KubernetesObject, P extends Projection>(
  { cache }: State<T, P>,
  watch: AsyncIterable<WatchEvent<T>>,
  from: string,
): Promise<{ resourceVersion: string; events: number }> {
  let [resourceVersion, events] = [from, 0];
  for await (const event of watch) {
    if (event.type === 'BOOKMARK') {
      resourceVersion = event.resourceVersion;
      continue;
    }
    events += 1;
    resourceVersion = event.object.metadata?.resourceVersion ?? resourceVersion;
    if (event.type === 'DELETED') cache.delete(event.object);
    else cache.update(event.object, { own: false });
  }
  return { resourceVersion, events };
}
