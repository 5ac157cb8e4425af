import { annotation, writeAnnotation } from '../../flow/annotations.ts';
import { endAttempt, isFinal, startAttempt, type Delivery } from '../../flow/delivery.ts';
import type { Flow, ObservedOutcome } from '../../flow/flow.ts';
import { patchFlow } from '../patch-flow.ts';
import { continueNow, type Reconciler, type Step, type StepResult } from '../reconciler.ts';
import { callConnector, logAnswer, saveAttempt } from './call-connector.ts';
import { pauseBeforeAttempt } from './delivery-pace.ts';

export function decideConfirmation({
  flow,
  awaitsConfirmation = false,
}: ObservedOutcome): Step<'confirm-deprovision'> | undefined {
  if (!awaitsConfirmation || flow.deprovisionAskedAt === undefined || isFinal(flow.confirmation))
    return undefined;
  return { kind: 'confirm-deprovision', run: (deps, signal) => confirmDeprovision(deps, flow, signal) };
}

/** Longest wait of the flow's record for a connector that does not take the confirmation. */
const confirmationSeconds = 600;

/**
 * Tells the connector that the results are deleted: one attempt, if one is due. As with the outcome, the attempt is written first. To say it
 * twice does no harm, so an attempt whose answer was lost is repeated.
 */
async function confirmDeprovision(deps: Reconciler, flow: Flow, signal: AbortSignal): Promise<StepResult> {
  const now = deps.now();
  const { confirmation } = flow;
  if (isOverdue(flow, now)) return await patchFlow(deps, written(flow, abandon(confirmation, now)), signal);
  const paced = { backoff: deps.config.reconciler.backoff, now: now.getTime() };
  const millis = Math.max(deps.callbackHold.remaining(flow), pauseBeforeAttempt(confirmation, paced));
  if (millis > 0) return { kind: 'requeue', millis };
  await patchFlow(deps, written(flow, startAttempt(confirmation, now.toISOString())), signal);
  const attempted = deps.cache.flow(flow.name);
  if (attempted === undefined) return continueNow;
  const { answer, end } = await callConnector(
    deps,
    { flow: attempted, message: { kind: 'deprovisioned' } },
    signal,
  );
  logAnswer(deps, attempted, { answer, what: 'confirmation' });
  return await saveAttempt(deps, { flow: attempted, of: 'confirmation', end }, signal);
}

function isOverdue({ deprovisionAskedAt = '' }: Flow, now: Date): boolean {
  return now.getTime() > Date.parse(deprovisionAskedAt) + confirmationSeconds * 1000;
}

function abandon(confirmation: Delivery | undefined, now: Date): Delivery {
  return endAttempt(confirmation, { result: 'abandoned', endedAt: now.toISOString() });
}

function written(flow: Flow, confirmation: Delivery): { flow: Flow; annotations: Record<string, string> } {
  return { flow, annotations: writeAnnotation(annotation.confirmation, confirmation) };
}
