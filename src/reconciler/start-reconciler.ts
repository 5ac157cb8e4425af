import type { ObservedFlows } from './observed/observed-flows.ts';
import { observeState } from './observed/observed-state.ts';
import { pollTransfersUntilAborted, type TransferPolling } from './transfers/poll-transfers.ts';
import { startLeaderLease, type LeaderLease } from './leadership/leader-lease.ts';
import { systemClock } from './machinery/clock.ts';
import { cancelEndedTransfer } from './transfers/cancel-ended-transfer.ts';
import { guardWrites } from './leadership/write-guard.ts';
import { positionOf, reconcileFlow } from './reconcile-flow.ts';
import type { Reconciler, ReconcilerDependencies } from './reconciler.ts';
import { sweepUntilAborted } from './sweep/sweep.ts';
import { startWorkQueue, type PassEnd } from './machinery/work-queue.ts';

/** The event half: while this replica holds the Lease, every change of a Job or pod puts its flow's key into the queue. */
export function startReconciler(
  { openFlows, ...deps }: ReconcilerDependencies & { openFlows: ObservedFlows },
  signal: AbortSignal,
): LeaderLease {
  const { leaseName: name, identity, leaseSeconds } = deps.config.reconciler;
  return startLeaderLease(
    {
      leases: deps.cluster.leases,
      name,
      identity,
      leaseSeconds,
      lead: async (term) => {
        deps.metrics.leading.set(1);
        const guarded = guardWrites(deps, () => {
          term.check();
        });
        await reconcileWhileLeading(guarded, openFlows, term.signal).finally(() => {
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
async function reconcileWhileLeading(
  deps: ReconcilerDependencies,
  openFlows: ObservedFlows,
  signal: AbortSignal,
): Promise<void> {
  const { concurrency, backoff } = deps.config.reconciler;
  let synced = false;
  // Nothing can be decided before both lists are there.
  function wake(flow: string): void {
    if (synced) queue.add(flow);
  }
  const observed = observeState(deps, wake, signal);
  const reconciler: Reconciler = { ...deps, cache: observed.cache };
  const queue = startWorkQueue({
    work: (key, stopping) => countReconcile(deps, reconcileFlow(reconciler, key, stopping)),
    hasMoved: (key, stoppedAt) => positionOf(reconciler, key) !== stoppedAt,
    concurrency,
    backoff,
    log: deps.log,
  });
  // At once, so that what waits is dropped, not begun and broken off.
  signal.addEventListener('abort', () => void queue.stop(), { once: true });
  void observed.synced.then((filled) => {
    synced = filled;
    if (filled) openFlows.follow(observed.cache, signal);
    for (const flow of observed.cache.flows()) wake(flow.name);
  });
  const polling = transferPolling(reconciler, wake);
  await Promise.all([
    observed.ended,
    sweepUntilAborted(reconciler, signal),
    pollTransfersUntilAborted(polling, signal),
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
