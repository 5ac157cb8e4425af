import { isDeepStrictEqual } from 'node:util';
import { isServiceError, messageOf } from '../../errors.ts';
import { annotation, writeAnnotation } from '../../flow/annotations.ts';
import { endAttempt, isFinal, type DeliveryEnd } from '../../flow/delivery.ts';
import { readFlow, type Flow, type ObservedOutcome } from '../../flow/flow.ts';
import { outcomeMessageLimit, type FailureReason } from '../../flow/outcome.ts';
import { flowLogger } from '../../log.ts';
import { isDeprovisioned, planDelivery } from './plan-delivery.ts';
import { continueNow, type Reconciler, type Step, type StepResult } from '../reconciler.ts';
import type { DeliveryAnswer, Message } from '../types.ts';
import { patchFlow } from '../patch-flow.ts';

export function decideDelivery({ flow }: ObservedOutcome): Step<'deliver'> | undefined {
  if (isFinal(flow.delivery)) return undefined;
  return { kind: 'deliver', run: (deps, signal) => deliverOutcome(deps, flow, signal) };
}

/**
 * One attempt at delivering the outcome, if one is due. At least once: the attempt is written first, so that after a crash the next process
 * tries again; a 409 then means that the connector took the first attempt.
 */
export async function deliverOutcome(deps: Reconciler, flow: Flow, signal: AbortSignal): Promise<StepResult> {
  const { outcome } = flow;
  if (outcome === undefined) return continueNow;
  const plan = await planDelivery(deps, { flow, outcome }, signal);
  switch (plan.kind) {
    case 'wait':
      return { kind: 'requeue', millis: plan.millis };
    case 'terminate-instead':
      return await patchFlow(deps, { flow, annotations: terminateInstead(deps, flow, plan) }, signal);
    case 'save':
    case 'attempt': {
      const annotations = writeAnnotation(annotation.delivery, plan.delivery);
      await patchFlow(deps, { flow, annotations }, signal);
      if (plan.kind === 'save') return continueNow;
      return await makeAttempt(deps, { name: flow.name, message: plan.message }, signal);
    }
    default:
      return plan satisfies never;
  }
}

interface WrittenAttempt {
  name: string;
  message: Message;
}

/** Makes the attempt that was written on the Job. Its result decides when the next one is due. */
export async function makeAttempt(
  deps: Reconciler,
  { name, message }: WrittenAttempt,
  signal: AbortSignal,
): Promise<StepResult> {
  const flow = deps.cache.flow(name);
  // A deprovision came since the attempt was written: nothing is left to deliver.
  if (flow === undefined || isDeprovisioned(flow)) return continueNow;
  // A repeat of the request has started the callback hold again.
  if (deps.callbackHold.remaining(flow) > 0)
    return await saveEnd(deps, { flow, end: { result: 'failed', detail: 'not sent: repeated' } }, signal);
  const answer = await call(deps, { flow, message }, signal);
  logAnswer(deps, flow, answer);
  const { onRefusal } = deps.connectors.rulesOf(flow.request) ?? {};
  if (answer.result === 'rejected' && message.kind === 'results' && onRefusal === 'terminate') {
    // The consumer would wait for results that its connector never takes.
    const instead = { reason: 'delivery-refused', message: answer.problem } as const;
    return await patchAttempted(deps, { flow, annotations: terminateInstead(deps, flow, instead) }, signal);
  }
  return await saveEnd(deps, { flow, end: endOf(answer) }, signal);
}

async function call(
  deps: Reconciler,
  { flow: { name: flow, request }, message }: { flow: Flow; message: Message },
  signal: AbortSignal,
): Promise<DeliveryAnswer> {
  try {
    return await deps.connectors.deliver({ flow, request, message }, signal);
  } catch (error) {
    signal.throwIfAborted();
    return { result: 'failed', problem: messageOf(error), slowly: false };
  }
}

function endOf(answer: DeliveryAnswer): Omit<DeliveryEnd, 'endedAt'> {
  switch (answer.result) {
    case 'delivered':
      return { result: 'delivered' };
    case 'obsolete':
      return { result: 'obsolete', detail: answer.state, ended: answer.ended };
    case 'rejected':
      return { result: 'rejected', detail: answer.problem };
    case 'failed':
      return { result: 'failed', detail: answer.problem, slowly: answer.slowly };
    default:
      return answer satisfies never;
  }
}

/** An attempt in vain is a warning: an operator may have to correct a key or an address. */
function logAnswer({ log }: Reconciler, { name }: Flow, delivery: DeliveryAnswer): void {
  const taken = delivery.result === 'delivered' || delivery.result === 'obsolete';
  if (taken) flowLogger(log, name).info({ delivery }, 'outcome delivered');
  else flowLogger(log, name).warn({ delivery }, 'outcome not delivered');
}

/**
 * Changes the message that is delivered, not the outcome, which is counted once and keeps its deadline. The attempts at the termination are
 * counted from 0.
 */
function terminateInstead(
  { now, log }: Reconciler,
  { name, delivery }: Flow,
  { reason, message }: { reason: FailureReason; message: string },
): Record<string, string> {
  const at = now().toISOString();
  const instead = { at, reason, message: message.slice(0, outcomeMessageLimit) };
  flowLogger(log, name).warn({ reason, message: instead.message }, 'results not deliverable');
  const failed = endAttempt(delivery, { endedAt: at, result: 'failed', detail: message });
  return {
    ...writeAnnotation(annotation.terminateInstead, instead),
    ...writeAnnotation(annotation.delivery, { ...failed, attempts: 0 }),
  };
}

async function saveEnd(
  deps: Reconciler,
  { flow, end }: { flow: Flow; end: Omit<DeliveryEnd, 'endedAt'> },
  signal: AbortSignal,
): Promise<StepResult> {
  const delivery = endAttempt(flow.delivery, { ...end, endedAt: deps.now().toISOString() });
  const annotations = writeAnnotation(annotation.delivery, delivery);
  return await patchAttempted(deps, { flow, annotations }, signal);
}

/**
 * Saves the result of an attempt even if another writer came first, since no other step saves it. If another replica has started an attempt
 * since, that attempt's result counts.
 */
async function patchAttempted(
  deps: Reconciler,
  { flow, annotations }: { flow: Flow; annotations: Record<string, string> },
  signal: AbortSignal,
): Promise<StepResult> {
  try {
    return await patchFlow(deps, { flow, annotations }, signal);
  } catch (error) {
    if (!isServiceError(error, 'cluster-conflict')) throw error;
    const job = await deps.cluster.jobs.get(flow.name, signal);
    if (job === undefined) throw error;
    deps.cache.updateJob(job);
    // Still the same attempt.
    if (isDeepStrictEqual(readFlow(job)?.delivery, flow.delivery))
      deps.cache.updateJob(await deps.cluster.jobs.patch(flow.name, { metadata: { annotations } }, signal));
    return continueNow;
  }
}
