import { isServiceError } from '../errors.ts';
import { isFinal } from '../flow/delivery.ts';
import type { Flow } from '../flow/flow.ts';
import { decideStep, type NextStep } from './decide-step.ts';
import type { PassEnd } from './machinery/work-queue.ts';
import { continueNow, observeFlow, type Reconciler } from './reconciler.ts';

/** More steps than any flow needs in one pass. Guards against an endless loop of steps; the queue retries with back-off. */
const stepLimit = 30;

/** Lost races in one pass. More mean that the API server answers every write with a conflict, or that another writer is as fast. */
const conflictLimit = 5;

/**
 * Runs one step after another until one asks for a requeue; the steps after the delivery run in another pass. May be called any number of
 * times, by any number of replicas: every write is conditional on the observed state, and after a lost race the next step is decided from
 * the winner's write. Never throws: returns a failure with the step at which it happened.
 */
export async function reconcileFlow(deps: Reconciler, name: string, signal: AbortSignal): Promise<PassEnd> {
  let stoppedAt: string | undefined;
  let conflicts = 0;
  try {
    for (let steps = 0; steps < stepLimit; steps += 1) {
      const flow = deps.cache.flow(name);
      if (flow === undefined) return {};
      const step = decideStep(observeFlow(deps, flow));
      stoppedAt = describePosition(flow, step);
      signal.throwIfAborted();
      const result = await step.run(deps, signal).catch(async (error: unknown) => {
        conflicts += 1;
        if (conflicts > conflictLimit || !(await hasLostRace(deps, { flow, error }, signal))) throw error;
        return continueNow;
      });
      if (result.kind === 'requeue') return { stoppedAt, requeueAfterMillis: result.millis };
      if (!isFinal(flow.delivery) && isDelivered(deps, name)) return { requeueAfterMillis: 0 };
    }
    throw new Error(`${name} took ${stepLimit} steps in one pass.`);
  } catch (error) {
    return { stoppedAt, failure: { error } };
  }
}

/** The steps after the delivery are not urgent: if many flows end at once, the callbacks of the others come first. */
function isDelivered({ cache }: Reconciler, name: string): boolean {
  return isFinal(cache.flow(name)?.delivery);
}

/** The flow's present position, to be compared with that at which its last pass stopped. Undefined: it is gone, or waits for any change. */
export function positionOf(deps: Reconciler, name: string): string | undefined {
  const flow = deps.cache.flow(name);
  if (flow === undefined) return undefined;
  try {
    return describePosition(flow, decideStep(observeFlow(deps, flow)));
  } catch {
    return undefined; // broken by hand: the pass reports it, and must not stop the watch that calls this
  }
}

/**
 * A step that failed or waits is not repeated for a change that leads to the same step: an echo of our own write, a pod's status, a
 * repeated request or a controller's heartbeat. A deletion, a deprovision or a cancellation always causes one more pass.
 */
function describePosition(flow: Flow, step: NextStep): string | undefined {
  if (step.kind === 'wait') return undefined;
  return JSON.stringify({
    uid: flow.uid,
    step: step.kind,
    until: step.kind === 'poll-events' ? step.until : undefined,
    deleted: flow.deletedAt !== undefined,
    deprovision: flow.deprovisionAskedAt !== undefined,
    cancel: flow.cancel !== undefined,
  });
}

/** Whether another writer won. The watch has mostly updated the cache before the conflict was answered; otherwise the Job is read. */
async function hasLostRace(
  { cluster, cache }: Reconciler,
  { flow, error }: { flow: Flow; error: unknown },
  signal: AbortSignal,
): Promise<boolean> {
  if (!isServiceError(error, 'cluster-conflict')) return false;
  if (isNewer(cache.flow(flow.name)?.resourceVersion, flow)) return true;
  const job = await cluster.jobs.get(flow.name, signal);
  if (job === undefined || !isNewer(job.metadata?.resourceVersion, flow)) return false;
  cache.updateJob(job);
  return true;
}

function isNewer(resourceVersion: string | undefined, flow: Flow): boolean {
  return Number(resourceVersion) > Number(flow.resourceVersion);
}
