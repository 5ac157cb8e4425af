import { annotation, writeAnnotation } from '../../flow/annotations.ts';
import { endAttempt, startAttempt, type Delivery } from '../../flow/delivery.ts';
import type { Flow } from '../../flow/flow.ts';
import { endOfReplay } from '../../flow/replay.ts';
import { patchFlow } from '../patch-flow.ts';
import { continueNow, type Reconciler, type StepResult } from '../reconciler.ts';
import type { Message } from '../types.ts';
import { callConnector, logAnswer, saveAttempt, type LaterMember } from './call-connector.ts';
import { advanceProtocol } from './deliver-outcome.ts';
import { pauseBeforeAttempt } from './delivery-pace.ts';

/** A message beside the outcome, with attempts of its own. */
export interface LaterMessage {
  flow: Flow;
  of: LaterMember;
  message: Message;
  /** Milliseconds since the epoch. */
  notBefore?: number;
  abandonAfter: number;
}

/**
 * One attempt, if one is due. As with the outcome, the attempt is written first. A second one does no harm, so that an attempt whose answer
 * was lost is repeated.
 */
export async function deliverLater(
  deps: Reconciler,
  { flow, of, message, notBefore = 0, abandonAfter }: LaterMessage,
  signal: AbortSignal,
): Promise<StepResult> {
  const now = deps.now();
  const delivery = flow[of];
  if (now.getTime() > Math.max(abandonAfter, endOfReplay(delivery, deps.config.reconciler))) {
    const abandoned = endAttempt(delivery, { result: 'abandoned', endedAt: now.toISOString() });
    return await patchFlow(deps, { flow, annotations: writeAnnotation(annotation[of], abandoned) }, signal);
  }
  const paced = { backoff: deps.config.reconciler.backoff, now: now.getTime() };
  const pause = pauseBeforeAttempt(delivery, paced);
  const millis = Math.max(deps.callbackHold.remaining(flow), pause, notBefore - now.getTime());
  if (millis > 0) return { kind: 'requeue', millis };
  await patchFlow(deps, { flow, annotations: attempt(deps, { flow, of, message, delivery }) }, signal);
  const attempted = deps.cache.flow(flow.name);
  if (attempted === undefined) return continueNow;
  const { answer, end } = await callConnector(deps, { flow: attempted, message }, signal);
  logAnswer(deps, attempted, { answer, what: of });
  return await saveAttempt(deps, { flow: attempted, of, end }, signal);
}

function attempt(
  deps: Reconciler,
  {
    flow,
    of,
    message,
    delivery,
  }: Pick<LaterMessage, 'flow' | 'of' | 'message'> & { delivery: Delivery | undefined },
): Record<string, string> {
  return {
    ...writeAnnotation(
      annotation[of],
      startAttempt(delivery, { sent: message.kind, startedAt: deps.now().toISOString() }),
    ),
    ...advanceProtocol(deps, flow, message),
  };
}
