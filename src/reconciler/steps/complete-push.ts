import { isFinal } from '../../flow/delivery.ts';
import type { Flow, ObservedOutcome } from '../../flow/flow.ts';
import type { PushEnd } from '../../flow/push.ts';
import type { Reconciler, Step, StepResult } from '../reconciler.ts';
import type { Message } from '../types.ts';
import { deliverLater } from './deliver-later.ts';
import { waitForResume } from './deliver-outcome.ts';

/** The end of a push is delivered once the transfer is not suspended. */
export function decideCompletion({
  flow,
}: ObservedOutcome): Step<'complete-push' | 'wait-for-resume'> | undefined {
  const { push, protocol } = flow;
  if (push?.end === undefined || isFinal(flow.completion) || flow.deprovisionAskedAt !== undefined)
    return undefined;
  const { end } = push;
  if (protocol?.access === 'paused') return waitForResume;
  return { kind: 'complete-push', run: (deps, signal) => completePush(deps, { flow, end }, signal) };
}

async function completePush(
  deps: Reconciler,
  { flow, end }: { flow: Flow; end: PushEnd },
  signal: AbortSignal,
): Promise<StepResult> {
  const { completionGapMillis = 0 } = deps.connectors.rulesOf(flow.request) ?? {};
  const announcedAt = flow.delivery?.endedAt ?? end.at;
  return await deliverLater(
    deps,
    {
      ...{ flow, of: 'completion', message: messageOf(end) },
      // The connector passes the start on before it can complete.
      notBefore: Date.parse(announcedAt) + completionGapMillis,
      abandonAfter: Date.parse(end.at) + deps.config.reconciler.deliverySeconds * 1000,
    },
    signal,
  );
}

function messageOf(end: PushEnd): Message {
  return end.result === 'sent'
    ? { kind: 'transferred' }
    : { kind: 'failure', reason: 'push-failed', message: end.problem };
}
