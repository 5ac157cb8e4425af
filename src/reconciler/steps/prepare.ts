import { isServiceError, messageOf } from '../../errors.ts';
import type { Flow } from '../../flow/flow.ts';
import type { FailureReason } from '../../flow/outcome.ts';
import { flowLogger } from '../../log.ts';
import { prepareFlow, renewCredentials } from '../../cluster-objects/prepare-flow.ts';
import { continueNow, type Reconciler, type StepResult } from '../reconciler.ts';
import { setOutcome } from './set-outcome.ts';

/**
 * What the API server or the store refuses for good ends the flow; what is out of reach is tried again until the pending deadline, and
 * what the store forbids slowly: keys are rotated and rights are corrected by people. One try is always made: a flow may have waited
 * for its service, not for its preparation.
 */
export async function prepare(deps: Reconciler, flow: Flow, signal: AbortSignal): Promise<StepResult> {
  try {
    deps.cache.updateJob(await prepareFlow(deps, flow, signal));
    return continueNow;
  } catch (error) {
    if (isServiceError(error, 'cluster-conflict') || signal.aborted) throw error;
    const reason = endReason(deps, flow, error);
    if (reason !== undefined) return await fail(deps, { flow, reason, error }, signal);
    if (isServiceError(error, 'store-forbidden')) return waitForRights(deps, flow, error);
    throw error;
  }
}

const final = ['cluster-refused', 'cluster-not-found', 'store-refused', 'object-missing'] as const;

function endReason({ now }: Reconciler, flow: Flow, error: unknown): FailureReason | undefined {
  if (isServiceError(error, ...final)) return 'preparation-refused';
  return now().getTime() > deadlineOf(flow) ? 'pending-deadline-exceeded' : undefined;
}

function deadlineOf({ createdAt, plan }: Flow): number {
  return Date.parse(createdAt) + plan.limits.pending * 1000;
}

async function fail(
  deps: Reconciler,
  { flow, reason, error }: { flow: Flow; reason: FailureReason; error: unknown },
  signal: AbortSignal,
): Promise<StepResult> {
  const at = deps.now().toISOString();
  const message = `The Job could not be prepared: ${messageOf(error)}`;
  return await setOutcome(deps, { flow, outcome: { phase: 'failed', at, reason, message } }, signal);
}

function waitForRights({ config, log, now }: Reconciler, flow: Flow, error: unknown): StepResult {
  const untilDeadline = Math.max(0, deadlineOf(flow) - now().getTime()) + 1;
  const millis = Math.min(config.reconciler.backoff.maxMillis, untilDeadline);
  flowLogger(log, flow.name).warn(
    { err: error, againAfterMillis: millis },
    'the store forbids a preparation: check the keys of the service and their rights',
  );
  return { kind: 'requeue', millis };
}

export async function renew(deps: Reconciler, flow: Flow, signal: AbortSignal): Promise<StepResult> {
  deps.cache.updateJob(await renewCredentials(deps, flow, signal));
  return continueNow;
}
