import { setTimeout as sleep } from 'node:timers/promises';
import { isServiceError, ServiceError } from '../../errors.ts';
import type { ResourceClient } from '../../kubernetes/resource-client.ts';
import type { KubernetesObject } from '../../kubernetes/types.ts';
import { backOffMillis, type BackOff } from '../../back-off.ts';
import { ObjectCache, type ObjectCacheOptions, type Projection } from './object-cache.ts';

export interface InformerOptions<T extends KubernetesObject, P extends Projection> extends ObjectCacheOptions<
  T,
  P
> {
  client: Pick<ResourceClient<T>, 'scan' | 'watch'>;
  labelSelector: string;
  relistMillis: number;
  backoff: BackOff;
  /** Called for each list or watch that failed. */
  onBreak?: (kind: string) => void;
}

export interface Informer<T extends KubernetesObject, P> {
  get(key: string): P | undefined;
  values(): Iterable<P>;
  size(): number;
  /** True when the first list is in the cache, false if the informer ended before. */
  synced: Promise<boolean>;
  /** All changes up to this resourceVersion are in the cache; 0 before the first list. */
  position(): number;
  status(): InformerStatus;
  /** Opens the watch again from where it is, or ends the pause before the next list, unless the API server was heard from just now. */
  refresh(): void;
  /** Takes in the answer to a request of our own, so that the next decision sees it and its echo is no change. */
  update(object: T): void;
  remove(key: string): void;
  /** Ends when the signal given to `startInformer` aborts. */
  ended: Promise<void>;
}

export interface InformerStatus {
  synced: boolean;
  /** Monotonic milliseconds since the last complete list, event or bookmark. */
  silentMillis: number;
  /** The error of the last list or watch, if that failed. */
  error: unknown;
}

const pageSize = 500;

/** A watch that stood for this long was no failure, even if it was quiet: something between here and the server cuts it. */
const soundMillis = 10_000;

/** A watch that ends sooner than this without an event is a failure, even if the server closed it in order: the next one may be too. */
const shortestWatchMillis = 1000;

/** Longest pause before the first list: until then this replica cannot lead. */
const firstListMaxMillis = 5000;

/**
 * Lists in pages, then watches from there; a watch that ends in order is resumed from its last bookmark, one that breaks is
 * begun again with back-off and a list, and a full list comes every `relistMillis` however well the watch seems.
 */
export function startInformer<T extends KubernetesObject, P extends Projection>(
  options: InformerOptions<T, P>,
  signal: AbortSignal,
): Informer<T, P> {
  const state: State<T, P> = {
    cache: new ObjectCache(options),
    options,
    synced: Promise.withResolvers(),
    resourceVersion: undefined,
    heardAt: performance.now(),
    error: undefined,
    renewal: new AbortController(),
  };
  const { cache } = state;
  const ended = run(state, signal).finally(() => {
    state.synced.resolve(false);
  });
  return {
    get: (key) => cache.get(key),
    values: () => cache.all(),
    size: () => cache.size,
    synced: state.synced.promise,
    position: () => Number(state.resourceVersion ?? 0),
    status: () => ({
      synced: state.resourceVersion !== undefined,
      silentMillis: performance.now() - state.heardAt,
      error: state.error,
    }),
    refresh: () => {
      if (state.error !== undefined || performance.now() - state.heardAt > soundMillis) state.renewal.abort();
    },
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
  synced: PromiseWithResolvers<boolean>;
  /** Up to which the cache is complete; undefined before the first list. */
  resourceVersion: string | undefined;
  heardAt: number;
  error: unknown;
  /** Ends the open watch, or the pause before the next list. */
  renewal: AbortController;
}

function hear(
  state: Pick<State<never, never>, 'heardAt' | 'resourceVersion'>,
  resourceVersion: string | undefined,
): void {
  state.heardAt = performance.now();
  state.resourceVersion = resourceVersion;
}

async function run<T extends KubernetesObject, P extends Projection>(
  state: State<T, P>,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const beganAt = performance.now();
    try {
      await relist(state, signal);
      state.synced.resolve(true);
      await watchUntilRelist(state, signal);
      failures = 0;
    } catch (error) {
      state.error = error;
      state.options.onBreak?.(state.options.kind);
      if (performance.now() - beganAt > soundMillis) failures = 0;
      failures += 1;
      // History that is too short is no trouble of the server's, unless it is so again and again.
      if (failures === 1 && isServiceError(error, 'cluster-expired')) continue;
      await backOff(state, failures, signal);
    }
  }
}

async function backOff<T extends KubernetesObject, P extends Projection>(
  state: State<T, P>,
  failures: number,
  signal: AbortSignal,
): Promise<void> {
  const { kind, backoff, log } = state.options;
  const longest = state.resourceVersion === undefined ? firstListMaxMillis : Infinity;
  const millis = backOffMillis({ ...backoff, maxMillis: Math.min(backoff.maxMillis, longest) }, failures);
  await sleep(millis, undefined, { signal: renewableSignal(state, signal) }).catch(() => undefined);
  // Aborted: the watch broke because the process ends.
  if (!signal.aborted) log.warn({ kind, failures, err: state.error }, 'the watch broke');
}

/** Aborts with the given signal, or when `refresh` is called. */
function renewableSignal(state: Pick<State<never, never>, 'renewal'>, signal: AbortSignal): AbortSignal {
  state.renewal = new AbortController();
  return AbortSignal.any([signal, state.renewal.signal]);
}

async function relist<T extends KubernetesObject, P extends Projection>(
  state: State<T, P>,
  signal: AbortSignal,
): Promise<void> {
  const { client, labelSelector, keyOf } = state.options;
  const seen = new Set<string>();
  function take(object: T): void {
    seen.add(keyOf(object));
    state.cache.update(object, { own: false });
  }
  let next: string | undefined;
  let resourceVersion: string;
  do {
    const from = next === undefined ? {} : { continue: next };
    const page = await client.scan({ labelSelector, limit: pageSize, ...from }, take, signal);
    next = page.continue;
    resourceVersion = page.resourceVersion;
  } while (next !== undefined);
  state.cache.keepOnly(seen, resourceVersion);
  state.error = undefined;
  hear(state, resourceVersion);
}

async function watchUntilRelist<T extends KubernetesObject, P extends Projection>(
  state: State<T, P>,
  signal: AbortSignal,
): Promise<void> {
  const { kind, relistMillis } = state.options;
  // Spread, so that the replicas and the kinds do not list at the same moment.
  const due = AbortSignal.timeout(Math.round(relistMillis * (0.8 + Math.random() * 0.4)));
  const bounded = AbortSignal.any([signal, due]);
  while (!bounded.aborted) {
    const beganAt = performance.now();
    const renewable = renewableSignal(state, bounded);
    let events: number;
    try {
      events = await follow(state, renewable);
    } catch (error) {
      if (signal.aborted || !renewable.aborted) throw error;
      continue;
    }
    const wasShort = events === 0 && performance.now() - beganAt < shortestWatchMillis;
    if (wasShort && !renewable.aborted)
      throw new ServiceError('cluster-unavailable', `The watch of ${kind} was closed as soon as it stood.`);
  }
}

/** Until the watch ends: how many objects it showed. */
async function follow<T extends KubernetesObject, P extends Projection>(
  state: State<T, P>,
  signal: AbortSignal,
): Promise<number> {
  const { client, labelSelector } = state.options;
  const { resourceVersion = '' } = state;
  let events = 0;
  for await (const event of client.watch({ labelSelector, resourceVersion }, signal)) {
    if (event.type === 'BOOKMARK') {
      hear(state, event.resourceVersion);
      continue;
    }
    events += 1;
    // Before the change is published: all earlier changes are in the cache.
    hear(state, event.object.metadata?.resourceVersion ?? state.resourceVersion);
    if (event.type === 'DELETED') state.cache.delete(event.object);
    else state.cache.update(event.object, { own: false });
  }
  return events;
}
