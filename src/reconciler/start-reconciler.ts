import { readAttempt, type Attempt } from '../flow/attempt.ts';
import { readFlow, type Flow } from '../flow/flow.ts';
import { flowLabel, heldPodsSelector, openFlowsSelector } from '../flow/labels.ts';
import type { Job, Pod } from '../kubernetes/types.ts';
import { startInformer, type Informer } from './informer.ts';
import { pollTransfersUntilAborted, type TransferPolling } from './poll-transfers.ts';
import { startLeaderLease, type LeaderLease } from './leader-lease.ts';
import { systemClock } from './clock.ts';
import { cancelEndedTransfer } from './steps/cancel-ended-transfer.ts';
import { fenceWrites } from './fence-writes.ts';
import { reconcileFlow } from './reconcile-flow.ts';
import type { Reconciler, ReconcilerDependencies, WorldCache } from './reconciler.ts';
import { sweepUntilAborted } from './sweep.ts';
import { startWorkQueue } from './work-queue.ts';

/** The event half: while this replica holds the Lease, every change of a Job or pod puts its flow's key into the queue. */
export function startReconciler(deps: ReconcilerDependencies, signal: AbortSignal): LeaderLease {
  const { leaseName: name, identity, leaseSeconds } = deps.config.reconciler;
  return startLeaderLease(
    {
      leases: deps.cluster.leases,
      name,
      identity,
      leaseSeconds,
      lead: async (term) => {
        deps.metrics.leading.set(1);
        await reconcileWhileLeading(fenceWrites(deps, term), term.signal).finally(() => {
          deps.metrics.leading.set(0);
          deps.metrics.openFlows.set(0);
        });
      },
      now: deps.now,
      log: deps.log,
    },
    signal,
  );
}

/** Begins from nothing but the cluster each time: a list, and every key reconciled. */
async function reconcileWhileLeading(deps: ReconcilerDependencies, signal: AbortSignal): Promise<void> {
  const { concurrency, backoff } = deps.config.reconciler;
  const informers = startInformers(
    deps,
    (key) => {
      queue.add(key);
    },
    signal,
  );
  const reconciler: Reconciler = { ...deps, world: informers.world };
  const queue = startWorkQueue({
    work: async (key, stopping) => {
      await informers.synced;
      return await countReconcile(deps, reconcileFlow(reconciler, key, AbortSignal.any([signal, stopping])));
    },
    concurrency,
    backoff,
    log: deps.log,
  });
  // At once, so that what waits is dropped, not begun and broken off.
  signal.addEventListener('abort', () => void queue.stop(), { once: true });
  const polling = transferPolling(reconciler, (key) => {
    queue.add(key);
  });
  await Promise.all([
    informers.ended,
    sweepUntilAborted(reconciler, signal),
    pollTransfersUntilAborted(polling, signal),
  ]);
  await queue.stop();
}

function transferPolling(reconciler: Reconciler, wake: (flow: string) => void): TransferPolling {
  const { config, world, transfers, log } = reconciler;
  return {
    connectors: config.connectors
      .filter(({ managementVersion }) => managementVersion !== 'none')
      .map(({ name }) => name),
    seconds: config.reconciler.transferPollSeconds,
    flows: () => world.flows(),
    poll: transfers,
    end: async (flow, message, signal) => {
      await cancelEndedTransfer(reconciler, { flow, message }, signal);
      wake(flow.name);
    },
    clock: systemClock,
    log,
  };
}

async function countReconcile<T>({ metrics }: ReconcilerDependencies, pass: Promise<T>): Promise<T> {
  let result = 'failed';
  try {
    const value = await pass;
    result = 'done';
    return value;
  } finally {
    metrics.reconciles.inc({ result });
  }
}

interface Informers {
  world: WorldCache;
  synced: Promise<unknown>;
  ended: Promise<unknown>;
}

function startInformers(
  deps: ReconcilerDependencies,
  wake: (flow: string) => void,
  signal: AbortSignal,
): Informers {
  const { relistSeconds, backoff } = deps.config.reconciler;
  const common = { relistMillis: relistSeconds * 1000, backoff, log: deps.log };
  let synced = false;
  const jobs = startInformer<Job, Flow>(
    {
      ...common,
      kind: 'jobs',
      client: deps.cluster.jobs,
      labelSelector: openFlowsSelector,
      keyOf: (job) => job.metadata?.name ?? '',
      project: readFlow,
      onChange: (key, flow, gone) => {
        if (gone) deps.settle.forget(flow.uid);
        else if (!synced) deps.settle.inherit(flow);
        deps.metrics.openFlows.set(jobs.size());
        wake(key);
      },
    },
    signal,
  );
  void jobs.synced.then(() => {
    synced = true;
  });
  const podsOf = new PodIndex();
  const pods = startInformer<Pod, Attempt>(
    {
      ...common,
      kind: 'pods',
      client: deps.cluster.pods,
      labelSelector: `${flowLabel},${heldPodsSelector}`,
      keyOf: (pod) => pod.metadata?.name ?? '',
      project: readAttempt,
      onChange: (key, { flow }, gone) => {
        podsOf.set(flow, key, gone);
        wake(flow);
      },
    },
    signal,
  );
  return {
    world: createWorldCache(jobs, pods, podsOf),
    synced: Promise.all([jobs.synced, pods.synced]),
    ended: Promise.all([jobs.ended, pods.ended]),
  };
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
    return [...(this.pods.get(flow) ?? [])].sort();
  }
}

function createWorldCache(
  jobs: Informer<Job, Flow>,
  pods: Informer<Pod, Attempt>,
  podsOf: PodIndex,
): WorldCache {
  return {
    flow: (name) => jobs.get(name),
    flows: () => jobs.values(),
    attempts: (flow) => podsOf.of(flow).flatMap((pod) => pods.get(pod) ?? []),
    learnJob: (job) => {
      jobs.learn(job);
    },
    learnPod: (pod) => {
      pods.learn(pod);
    },
    forgetPod: (key) => {
      pods.forget(key);
    },
  };
}
