import { compareAge, readAttempt, type Attempt } from '../../flow/attempt.ts';
import { readFlow, type Flow } from '../../flow/flow.ts';
import { observedPodsSelector, openFlowsSelector } from '../../flow/labels.ts';
import type { Job, Pod } from '../../kubernetes/types.ts';
import {
  startInformer,
  type Informer,
  type InformerOptions,
  type InformerStatus,
} from '../machinery/informer.ts';
import type { FlowCache, ReconcilerDependencies } from '../reconciler.ts';
import { setFlowGauges } from './flow-gauges.ts';
import { FlowListeners } from './flow-listeners.ts';
import { PodIndex } from './pod-index.ts';
import { createTakeover } from './takeover.ts';

/** The open flows and their pods. Every replica follows them, whether or not it leads. */
export interface ObservedState {
  cache: FlowCache;
  /** The cache; undefined before it is filled, and while nothing was heard from the API server for too long. */
  current(): FlowCache | undefined;
  status(): ObservedStateStatus;
  /** True when Jobs and pods were listed once, false if the signal aborted before. */
  synced: Promise<boolean>;
  /**
   * For the time of one term, `wake` is called with the flow of each change that is not an answer to a write of our own; what is in the
   * cache already is not repeated.
   */
  lead(wake: (flow: string) => void, term: AbortSignal): void;
  /** `listener` is called after each change of the flow or its pods in the cache, our own writes included. Returns the end of that. */
  subscribe(flow: string, listener: () => void): () => void;
  /** Ends when the signal aborts. */
  ended: Promise<unknown>;
}

export interface ObservedStateStatus {
  synced: boolean;
  /** Why there is no current cache; absent if there is one, or if the first list is under way. */
  problem?: { kind: 'jobs' | 'pods'; error: unknown };
}

type Dependencies = Pick<
  ReconcilerDependencies,
  'cluster' | 'config' | 'callbackHold' | 'metrics' | 'now' | 'log'
>;

/** A watch gets a bookmark each minute: one that is silent for longer does not follow the cluster, or nobody knows. */
const longestSilenceMillis = 90_000;

export function observeState(deps: Dependencies, signal: AbortSignal): ObservedState {
  const podsOf = new PodIndex();
  const takeover = createTakeover({ ...commonOptions(deps), jobs: deps.cluster.jobs });
  let wake: ((flow: string) => void) | undefined;
  const listeners = new FlowListeners();
  function changed(flow: string, own: boolean): void {
    listeners.call(flow);
    if (!own) wake?.(flow);
  }
  const jobs = startInformer<Job, Flow>(
    {
      ...commonOptions(deps),
      kind: 'jobs',
      client: deps.cluster.jobs,
      labelSelector: openFlowsSelector,
      keyOf: (job) => job.metadata?.name ?? '',
      project: readFlow,
      selects: ({ state }) => state !== 'closed',
      onChange: (key, flow, { gone, own }) => {
        holdCallback(deps, flow, { gone, takenOver: !takeover.isOver(jobs.position()) });
        changed(key, own);
      },
    },
    signal,
  );
  const pods = startInformer(podOptions(deps, changed, podsOf), signal);
  const cache = createFlowCache(jobs, pods, podsOf);
  deps.metrics.beforeScrape(() => {
    setGauges(deps, { jobs: jobs.status(), pods: pods.status(), cache });
  });
  function status(): ObservedStateStatus {
    return describeStatus({ jobs: jobs.status(), pods: pods.status() });
  }
  return {
    cache,
    current: () => (isCurrent(status()) ? cache : undefined),
    status,
    synced: untilSynced(deps, jobs, pods),
    lead(listener, term) {
      if (term.aborted) return;
      wake = listener;
      term.addEventListener('abort', () => (wake = wake === listener ? undefined : wake), { once: true });
      takeover.start(term);
      // A watch whose connection is dead would keep quiet for minutes.
      for (const informer of [jobs, pods]) informer.refresh();
    },
    subscribe: (flow, listener) => listeners.add(flow, listener),
    ended: Promise.all([jobs.ended, pods.ended]),
  };
}

/** A cache that is not filled says nothing about the flows. */
function setGauges(
  { metrics, config, now }: Dependencies,
  { jobs, pods, cache }: { jobs: InformerStatus; pods: InformerStatus; cache: FlowCache },
): void {
  metrics.watchSilent.set({ kind: 'jobs' }, jobs.silentMillis / 1000);
  metrics.watchSilent.set({ kind: 'pods' }, pods.silentMillis / 1000);
  if (!jobs.synced || !pods.synced) return;
  const { pendingLimits } = config.pods;
  setFlowGauges(metrics, { cache, pendingLimits, now: now().getTime() });
}

async function untilSynced(
  { log }: Dependencies,
  jobs: Informer<Job, Flow>,
  pods: Informer<Pod, Attempt>,
): Promise<boolean> {
  const filled = await Promise.all([jobs.synced, pods.synced]);
  if (!filled.every(Boolean)) return false;
  log.info({ flows: jobs.size(), pods: pods.size() }, 'observed state synced');
  return true;
}

function isCurrent({ synced, problem }: ObservedStateStatus): boolean {
  return synced && problem === undefined;
}

function describeStatus(informers: Record<'jobs' | 'pods', InformerStatus>): ObservedStateStatus {
  const kinds = ['jobs', 'pods'] as const;
  const synced = kinds.every((kind) => informers[kind].synced);
  for (const kind of kinds) {
    const { error, silentMillis, ...informer } = informers[kind];
    if (informer.synced ? silentMillis > longestSilenceMillis : error !== undefined)
      return {
        synced,
        problem: { kind, error: error ?? new Error(`silent for ${Math.round(silentMillis)} ms`) },
      };
  }
  return { synced };
}

function podOptions(
  deps: Dependencies,
  changed: (flow: string, own: boolean) => void,
  podsOf: PodIndex,
): InformerOptions<Pod, Attempt> {
  return {
    ...commonOptions(deps),
    kind: 'pods',
    client: deps.cluster.pods,
    labelSelector: observedPodsSelector,
    keyOf: (pod) => pod.metadata?.name ?? '',
    project: readAttempt,
    onChange: (key, { flow }, { gone, own }) => {
      podsOf.set(flow, key, gone);
      changed(flow, own);
    },
  };
}

function commonOptions({ config, metrics, log }: Dependencies) {
  const { relistSeconds, backoff } = config.reconciler;
  function onBreak(kind: string): void {
    metrics.watchRestarts.inc({ kind });
  }
  return { relistMillis: relistSeconds * 1000, backoff, onBreak, log };
}

/** From the moment in which a request, or its repeat, is known: a repeat ends nobody's pause, so that no pass may follow soon. */
function holdCallback(
  { callbackHold }: Dependencies,
  flow: Flow,
  { gone, takenOver }: { gone: boolean; takenOver: boolean },
): void {
  if (gone) callbackHold.remove(flow.name);
  else if (takenOver) callbackHold.takeOver(flow);
  else callbackHold.observe(flow);
}

function createFlowCache(
  jobs: Informer<Job, Flow>,
  pods: Informer<Pod, Attempt>,
  podsOf: PodIndex,
): FlowCache {
  return {
    flow: (name) => jobs.get(name),
    flows: () => jobs.values(),
    attempts: (flow) =>
      podsOf
        .of(flow)
        .flatMap((pod) => pods.get(pod) ?? [])
        .sort(compareAge),
    updateJob: (job) => {
      jobs.update(job);
    },
    updatePod: (pod) => {
      pods.update(pod);
    },
    removePod: (key) => {
      pods.remove(key);
    },
  };
}
