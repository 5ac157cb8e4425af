import { isServiceError, messageOf } from '../../errors.ts';
import type { Flow, ObservedFlow } from '../../flow/flow.ts';
import type { FailureReason } from '../../flow/outcome.ts';
import { flowLogger } from '../../log.ts';
import { prepareFlow } from '../../cluster-objects/prepare-flow.ts';
import { continueNow, type Reconciler, type Step, type StepResult } from '../reconciler.ts';
import { setOutcome } from './set-outcome.ts';
import { wait } from './wait.ts';

export function decidePreparation({
  flow,
  waitsForTurn,
}: ObservedFlow): Step<'prepare'> | ReturnType<typeof wait> | undefined {
  if (flow.startedAt !== undefined) return undefined;
  if (waitsForTurn === true) return wait(undefined);
  return {
    kind: 'prepare',
    run: (deps, signal) => deps.startQueue.starting(flow, () => prepare(deps, flow, signal)),
  };
}

/**
 * A refusal for good, by the API server or the store, ends the flow. Otherwise the preparation is tried again until the pending deadline:
 * slowly after a 403 of the store, since people rotate keys and correct rights. It is tried once even after the deadline: the flow may have
 * waited for a service that was down.
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
    'store forbids a preparation: check the keys of the service and their rights',
  );
  return { kind: 'requeue', millis };
}
