import { isServiceError } from '../errors.ts';
import { isFinal } from '../flow/delivery.ts';
import type { Flow } from '../flow/flow.ts';
import { decideStep, type NextStep } from './decide-step.ts';
import type { PassEnd } from './machinery/work-queue.ts';
import { continueNow, observeFlow, type Reconciler } from './reconciler.ts';

/** More steps than any flow has in one pass: guards against an endless loop of steps; the queue retries with back-off. */
const stepLimit = 30;

/** Lost races in one pass: somebody writes as fast as we do, or the API server says "conflict" to everything. */
const conflictLimit = 5;

/**
 * Reads the observed state, takes the next step, and goes on while there is one; what follows the delivery takes another pass. May
 * be called any number of times, by any number of replicas: every write is conditional on what was read, and after a lost race the
 * next step is decided from the winner's write. Never throws: a failure is returned with the step at which it happened.
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

/** Nobody waits for what remains of a flow: when many end at once, the callbacks of the others go first. */
function isDelivered({ cache }: Reconciler, name: string): boolean {
  return isFinal(cache.flow(name)?.delivery);
}

/** Where a flow stands now, to be compared with where its last pass stopped. Undefined: it is gone, or waits for any change. */
export function positionOf(deps: Reconciler, name: string): string | undefined {
  const flow = deps.cache.flow(name);
  if (flow === undefined) return undefined;
  try {
    return describePosition(flow, decideStep(observeFlow(deps, flow)));
  } catch {
    return undefined; // broken by hand: a pass reports it, and the watch that asks goes on
  }
}

/**
 * A step that failed or waits is not taken again for a change that leads to the same step: neither for an echo of our own write nor
 * for a pod's status, a repeated request or a controller's heartbeat. What somebody else asks of the flow always counts, once.
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

/** Whether somebody else wrote first. Decided from the Job as it is now, which the watch has mostly brought before the refusal came. */
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
