import { compareAge, readAttempt, type Attempt } from '../../flow/attempt.ts';
import { readFlow, type Flow } from '../../flow/flow.ts';
import { observedPodsSelector, openFlowsSelector } from '../../flow/labels.ts';
import type { Job, Pod } from '../../kubernetes/types.ts';
import { startInformer, type Informer, type InformerOptions } from '../machinery/informer.ts';
import type { ReconcilerDependencies, FlowCache } from '../reconciler.ts';

export interface ObservedState {
  cache: FlowCache;
  /** True when Jobs and pods were listed once, false if the signal aborted before. */
  synced: Promise<boolean>;
  /** Ends when the signal aborts. */
  ended: Promise<unknown>;
}

/** Follows open flows and their pods; `wake` is called with the flow of each change that is not an answer to a write of our own. */
export function observeState(
  deps: ReconcilerDependencies,
  wake: (flow: string) => void,
  signal: AbortSignal,
): ObservedState {
  const podsOf = new PodIndex();
  let listed = false;
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
        holdCallback(deps, flow, { gone, takenOver: !listed });
        deps.metrics.openFlows.set(jobs.size());
        if (!own) wake(key);
      },
    },
    signal,
  );
  void jobs.synced.then((filled) => {
    listed = true;
    if (filled) deps.callbackHold.keepOnly(new Set(jobs.keys()));
  });
  const pods = startInformer(podOptions(deps, wake, podsOf), signal);
  return {
    cache: createFlowCache(jobs, pods, podsOf),
    synced: Promise.all([jobs.synced, pods.synced]).then((filled) => filled.every(Boolean)),
    ended: Promise.all([jobs.ended, pods.ended]),
  };
}

function podOptions(
  deps: ReconcilerDependencies,
  wake: (flow: string) => void,
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
      if (!own) wake(flow);
    },
  };
}

function commonOptions({ config, log }: ReconcilerDependencies) {
  const { relistSeconds, backoff } = config.reconciler;
  return { relistMillis: relistSeconds * 1000, backoff, log };
}

/** From the moment in which a request, or its repeat, is known: a repeat ends nobody's pause, so that no pass may follow soon. */
function holdCallback(
  { callbackHold }: ReconcilerDependencies,
  flow: Flow,
  { gone, takenOver }: { gone: boolean; takenOver: boolean },
): void {
  if (gone) callbackHold.forget(flow.name);
  else if (takenOver) callbackHold.takeOver(flow);
  else callbackHold.observe(flow);
}

/** Which pods a flow has, so that a pass looks at its own alone. */
class PodIndex {
  private readonly pods = new Map<string, Set<string>>();

  set(flow: string, pod: string, gone: boolean): void {
    const known = this.pods.get(flow) ?? new Set();
    if (gone) known.delete(pod);
    else known.add(pod);
    if (known.size === 0) this.pods.delete(flow);
    else this.pods.set(flow, known);
  }

  of(flow: string): string[] {
    return [...(this.pods.get(flow) ?? [])];
  }
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
