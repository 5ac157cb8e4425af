import { annotation, writeAnnotation } from '../../flow/annotations.ts';
import type { Flow, ObservedFlow } from '../../flow/flow.ts';
import { judgeAttempt } from '../../flow/judge-attempt.ts';
import { outcomeMessageLimit, type CancelReason, type Outcome } from '../../flow/outcome.ts';
import { nextDeadline } from '../../flow/pending/deadlines.ts';
import type { Manifest } from '../../result/manifest.ts';
import { countOutcome } from '../count-steps.ts';
import { patchFlow } from '../patch-flow.ts';
import { continueNow, observeFlow, type Reconciler, type Step, type StepResult } from '../reconciler.ts';
import { deliveryAnnotations, makeAttempt } from './deliver-outcome.ts';
import { planDelivery, type FlowToDeliver, type PlanToWrite } from './plan-delivery.ts';
import { readWorkerOutput } from './read-worker-log.ts';
import { decideStop } from './stop-attempts.ts';

interface SetOutcome extends Step<'set-outcome'> {
  outcome: Outcome;
}

export function decideCancellation({ flow, now }: ObservedFlow): SetOutcome | undefined {
  const cancel = cancellationOf(flow);
  return cancel && setOutcomeStep(flow, { phase: 'cancelled', at: new Date(now).toISOString(), ...cancel });
}

function cancellationOf(flow: Flow): { reason: CancelReason; message: string } | undefined {
  if (flow.deletedAt !== undefined) return { reason: 'job-deleted', message: 'The Job was deleted.' };
  if (flow.deprovisionAskedAt !== undefined) {
    const message = 'The connector deprovisioned the transfer before its data was ready.';
    return { reason: 'deprovisioned', message };
  }
  if (flow.cancel === undefined) return undefined;
  const { reason, message = 'The flow was cancelled.' } = flow.cancel;
  return { reason, message };
}

/** The request was accepted only so that its connector gets this failure. */
export function decideRefusal({ flow, now }: ObservedFlow): SetOutcome | undefined {
  const { refused: message } = flow.plan;
  if (message === undefined) return undefined;
  return setOutcomeStep(flow, {
    phase: 'failed',
    at: new Date(now).toISOString(),
    reason: 'request-refused',
    message,
  });
}

/** The saved end of an attempt says that no other attempt can succeed. */
export function decideFailure({ flow, now }: ObservedFlow): SetOutcome | undefined {
  const verdict = flow.attempt && judgeAttempt(flow.attempt);
  if (verdict?.verdict !== 'failed') return undefined;
  const { reason, message } = verdict;
  return setOutcomeStep(flow, { phase: 'failed', at: new Date(now).toISOString(), reason, message });
}

export function decideOverdue(observed: ObservedFlow): SetOutcome | undefined {
  const { at: deadline, reason, message } = nextDeadline(observed);
  if (deadline > observed.now) return undefined;
  const at = new Date(observed.now).toISOString();
  return setOutcomeStep(observed.flow, { phase: 'failed', at, reason, message });
}

export function setOutcomeStep(flow: Flow, outcome: Outcome): SetOutcome {
  return {
    kind: 'set-outcome',
    outcome,
    run: (deps, signal) => setOutcome(deps, { flow, outcome }, signal),
  };
}

export interface OutcomeToSet {
  flow: Flow;
  outcome: Outcome;
  /** Only with a success: the manifest that was verified just now. */
  manifest?: Manifest;
}

/**
 * Writes the outcome: nothing in the cluster can change it afterwards. If it can be delivered at once, the same write starts the delivery
 * attempt.
 */
export async function setOutcome(
  deps: Reconciler,
  { flow, outcome, manifest }: OutcomeToSet,
  signal: AbortSignal,
): Promise<StepResult> {
  const bounded =
    'message' in outcome ? { ...outcome, message: outcome.message.slice(0, outcomeMessageLimit) } : outcome;
  const detail = await readDetail(deps, { flow, outcome }, signal);
  const explained = detail === undefined ? bounded : { ...bounded, detail };
  const plan = await planAtOnce(deps, { flow, outcome: explained, manifest }, signal);
  const annotations = {
    ...writeAnnotation(annotation.outcome, explained),
    ...(plan === undefined ? {} : deliveryAnnotations(deps, flow, plan)),
  };
  const entry = { fields: { outcome: bounded }, message: 'outcome set' };
  await patchFlow(deps, { flow, annotations, entry }, signal);
  countOutcome(deps.metrics, flow, outcome);
  if (plan?.kind !== 'attempt') return continueNow;
  return await makeAttempt(deps, { name: flow.name, message: plan.message }, signal);
}

/** Undefined if pods must be stopped first, or if planning fails: the delivery step tries it again, and the outcome does not wait for it. */
async function planAtOnce(
  deps: Reconciler,
  { flow, outcome, manifest }: FlowToDeliver,
  signal: AbortSignal,
): Promise<PlanToWrite | undefined> {
  if (decideStop({ ...observeFlow(deps, flow), flow: { ...flow, outcome } }) !== undefined) return undefined;
  try {
    const plan = await planDelivery(deps, { flow, outcome, manifest }, signal);
    return 'delivery' in plan ? plan : undefined;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** The end of the worker's log if the flow failed: saved with the attempt's end, or read now if the worker is about to be stopped. */
async function readDetail(
  deps: Reconciler,
  { flow, outcome }: { flow: Flow; outcome: Outcome },
  signal: AbortSignal,
): Promise<string | undefined> {
  if (outcome.phase !== 'failed') return undefined;
  if (outcome.reason !== 'run-deadline-exceeded') return flow.attempt?.log;
  const running = deps.cache.attempts(flow.name).findLast(({ worker }) => worker.state === 'running');
  if (running === undefined) return undefined;
  const { pod, secrets = [] } = running;
  const { log } = await readWorkerOutput(deps, { flow: flow.name, pod, secrets }, signal);
  return log;
}
