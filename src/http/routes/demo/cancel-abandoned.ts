import { setTimeout as delay } from 'node:timers/promises';
import { backOffMillis } from '../../../back-off.ts';
import { messageOf } from '../../../errors.ts';
import type { Logger } from '../../../log.ts';
import type { FlowService } from '../../../requests/flow-service.ts';

export interface AbandonedFlow {
  flows: Pick<FlowService, 'end'>;
  flow: string;
  log: Logger;
  /** Pause before the second attempt to cancel, which grows up to sixty times. Default: half a second. */
  firstMillis?: number | undefined;
}

/** About three and a half minutes; later the flow's own limits end it. */
const attempts = 12;
/** A request that was cut off may still be creating the Job: it appears during these attempts, or never. */
const attemptsForUnknown = 6;
const attemptMillis = 5_000;

/**
 * Runs `run`, and cancels the flow unless `run` has called `ended` by then: because the client has left, the acceptance of the flow is
 * uncertain, or it cannot be followed any more. No other client can ask for its result. A client that is still connected does not wait for
 * the cancellation.
 */
export async function cancelAbandoned(
  abandoned: AbandonedFlow,
  client: AbortSignal,
  run: (ended: () => void) => Promise<void>,
): Promise<void> {
  const flow = { ended: false };
  let failure: { error: unknown } | undefined;
  try {
    await run(() => {
      flow.ended = true;
    });
  } catch (error) {
    // No client is left that could be told.
    if (!client.aborted) failure = { error };
  }
  if (!flow.ended) {
    const cancelling = cancel(abandoned);
    if (client.aborted) await cancelling;
  }
  if (failure !== undefined) throw failure.error;
}

/** Never throws. */
async function cancel({ flows, flow, log, firstMillis = 500 }: AbandonedFlow): Promise<void> {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    try {
      const answer = await flows.end(flow, 'cancelled-by-user', AbortSignal.timeout(attemptMillis));
      if (answer !== 'unknown' || attempt >= attemptsForUnknown) {
        log.info({ flowId: flow, answer }, 'abandoned flow cancelled');
        return;
      }
    } catch (error) {
      log.warn({ flowId: flow, problem: messageOf(error) }, 'abandoned flow not cancelled');
    }
    // A stopping service does not wait for it.
    const millis = backOffMillis({ firstMillis, maxMillis: firstMillis * 60 }, attempt);
    await delay(millis, undefined, { ref: false });
  }
}
