import { annotation, writeAnnotation } from '../../flow/annotations.ts';
import { endAttempt, isFinal } from '../../flow/delivery.ts';
import type { Flow, ObservedOutcome } from '../../flow/flow.ts';
import { outcomeMessageLimit, type FailureReason } from '../../flow/outcome.ts';
import { flowLogger } from '../../log.ts';
import { isDeprovisioned, planDelivery, type PlanToWrite } from './plan-delivery.ts';
import { continueNow, type Reconciler, type Step, type StepResult } from '../reconciler.ts';
import type { Message } from '../types.ts';
import { callConnector, logAnswer, patchAttempted, saveAttempt } from './call-connector.ts';
import { countDelivery } from '../count-steps.ts';
import { patchFlow } from '../patch-flow.ts';

export function decideDelivery({ flow }: ObservedOutcome): Step<'deliver' | 'wait-for-resume'> | undefined {
  if (isFinal(flow.delivery)) return undefined;
  if (isPausedReceiver(flow)) return waitForResume;
  return { kind: 'deliver', run: (deps, signal) => deliverOutcome(deps, flow, signal) };
}

/** A transfer that is suspended is completed after its resume. */
function isPausedReceiver({ plan, protocol, outcome, deprovisionAskedAt }: Flow): boolean {
  if (plan.receives !== true || deprovisionAskedAt !== undefined) return false;
  return protocol?.access === 'paused' && outcome?.phase === 'succeeded';
}

export const waitForResume: Step<'wait-for-resume'> = {
  kind: 'wait-for-resume',
  run: () => Promise.resolve({ kind: 'requeue', millis: undefined }),
};

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
      const annotations = deliveryAnnotations(deps, flow, plan);
      await patchFlow(deps, { flow, annotations }, signal);
      countDelivery(deps.metrics, flow, plan.delivery);
      if (plan.kind === 'save') return continueNow;
      return await makeAttempt(deps, { name: flow.name, message: plan.message }, signal);
    }
    default:
      return plan satisfies never;
  }
}

/** The protocol's state changes with the attempt: if the process dies after the write, the connector may have got the message. */
export function deliveryAnnotations(
  deps: Pick<Reconciler, 'connectors'>,
  flow: Flow,
  plan: PlanToWrite,
): Record<string, string> {
  const delivery = writeAnnotation(annotation.delivery, plan.delivery);
  return plan.kind === 'save' ? delivery : { ...delivery, ...advanceProtocol(deps, flow, plan.message) };
}

export function advanceProtocol(
  { connectors }: Pick<Reconciler, 'connectors'>,
  { protocol, request }: Flow,
  message: Message,
): Record<string, string> {
  const next = protocol && connectors.rulesOf(request)?.advance?.(protocol, message);
  return next === undefined ? {} : writeAnnotation(annotation.protocol, next);
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
    return await saveAttempt(
      deps,
      { flow, of: 'delivery', end: { result: 'failed', detail: 'not sent: repeated' } },
      signal,
    );
  const { answer, end } = await callConnector(deps, { flow, message }, signal);
  logAnswer(deps, flow, { answer, what: 'outcome' });
  const { onRefusal } = deps.connectors.rulesOf(flow.request) ?? {};
  if (answer.result === 'rejected' && message.kind === 'results' && onRefusal === 'terminate') {
    // The consumer would wait for results that its connector never takes.
    const instead = { reason: 'delivery-refused', message: answer.problem } as const;
    const annotations = terminateInstead(deps, flow, instead);
    return await patchAttempted(deps, { flow, of: 'delivery', annotations }, signal);
  }
  return await saveAttempt(deps, { flow, of: 'delivery', end }, signal);
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
