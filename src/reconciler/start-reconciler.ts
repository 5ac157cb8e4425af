import type { Dispatcher } from 'undici';
import type { ObservedState } from './observed/observed-state.ts';
import { pollTransfersUntilAborted, type TransferPolling } from './transfers/poll-transfers.ts';
import { startLeaderLease, type LeaderLease } from './leadership/leader-lease.ts';
import { systemClock } from '../clock.ts';
import { cancelEndedTransfer } from './transfers/cancel-ended-transfer.ts';
import { guardWrites } from './leadership/write-guard.ts';
import { positionOf, reconcileFlow } from './reconcile-flow.ts';
import type { Reconciler, ReconcilerDependencies } from './reconciler.ts';
import { createLogArchive } from './logs/log-archive.ts';
import { runPushes } from './pushes/run-pushes.ts';
import { sweepUntilAborted } from './sweep/sweep.ts';
import type { StoreAccess } from '../storage/upload/ask-store.ts';
import { StartQueue } from './start-queue.ts';
import { startWorkQueue, type PassEnd } from './machinery/work-queue.ts';

type Observing = ReconcilerDependencies & {
  observed: ObservedState;
  /** For pushes. */
  dispatcher: Dispatcher;
  /** For data that is fetched. */
  uploads: StoreAccess;
};

/** The event half: while this replica holds the Lease, every change of a Job or pod puts its flow's key into the queue. */
export function startReconciler(
  { observed, dispatcher, uploads, ...deps }: Observing,
  signal: AbortSignal,
): LeaderLease {
  const { leaseName: name, identity, leaseSeconds } = deps.config.reconciler;
  return startLeaderLease(
    {
      leases: deps.cluster.leases,
      name,
      identity,
      leaseSeconds,
      // A replica that knows nothing must not keep the Lease from one that does.
      ready: observed.synced,
      lead: async (term) => {
        deps.metrics.leading.set(1);
        const guarded = guardWrites(deps, () => {
          term.check();
        });
        await reconcileWhileLeading({ ...guarded, observed, dispatcher, uploads }, term.signal).finally(
          () => {
            deps.metrics.leading.set(0);
          },
        );
      },
      now: deps.now,
      log: deps.log,
    },
    signal,
  );
}

/** Starts from what this replica has observed: every key is reconciled once, and then each that changes. */
async function reconcileWhileLeading(
  { observed, dispatcher, uploads, ...deps }: Observing,
  signal: AbortSignal,
): Promise<void> {
  const { concurrency, backoff } = deps.config.reconciler;
  const pushes = runPushes({ ...deps, dispatcher, uploads }, wake, signal);
  const { cache } = observed;
  const startQueue = new StartQueue({
    limit: deps.config.reconciler.maxRunning,
    flows: () => cache.flows(),
  });
  const seen = { ...deps, cache };
  const reconciler: Reconciler = { ...seen, pushes, startQueue, logArchive: createLogArchive(seen) };
  const queue = startWorkQueue({
    work: async (key, stopping) => {
      const end = await countReconcile(deps, reconcileFlow(reconciler, key, stopping));
      // The pass may have ended a flow that others wait for.
      for (const name of startQueue.next()) wake(name);
      return end;
    },
    hasMoved: (key, stoppedAt) => positionOf(reconciler, key) !== stoppedAt,
    concurrency,
    backoff,
    log: deps.log,
  });
  // At once, so that what waits is dropped, not begun and broken off.
  signal.addEventListener('abort', () => void queue.stop(), { once: true });
  function wake(flow: string): void {
    queue.add(flow);
  }
  observed.lead(wake, signal);
  for (const { name } of cache.flows()) wake(name);
  await Promise.all([
    sweepUntilAborted(reconciler, signal),
    pollTransfersUntilAborted(transferPolling(reconciler, wake), signal),
  ]);
  await queue.stop();
}

function transferPolling(reconciler: Reconciler, wake: (flow: string) => void): TransferPolling {
  const { config, cache, connectors, log } = reconciler;
  return {
    connectors,
    seconds: config.reconciler.transferPollSeconds,
    flows: () => cache.flows(),
    end: async (flow, message, signal) => {
      await cancelEndedTransfer(reconciler, { flow, message }, signal);
      wake(flow.name);
    },
    clock: systemClock,
    log,
  };
}

async function countReconcile({ metrics }: ReconcilerDependencies, pass: Promise<PassEnd>): Promise<PassEnd> {
  const end = await pass;
  metrics.reconciles.inc({ result: end.failure === undefined ? 'done' : 'failed' });
  return end;
}
