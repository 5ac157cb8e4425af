import { setTimeout as delay } from 'node:timers/promises';
import { backOffMillis } from '../../../back-off.ts';
import { messageOf } from '../../../errors.ts';
import type { Logger } from '../../../log.ts';
import type { FlowService } from '../../../requests/flow-service.ts';

export interface Abandonable {
  flows: Pick<FlowService, 'end'>;
  flow: string;
  log: Logger;
  /** Before the second attempt to cancel; up to sixty times that before the last ones. Default: half a second. */
  firstMillis?: number | undefined;
}

/** Some three minutes and a half; after that the flow's own limits end it. */
const attempts = 12;
/** What accepts a flow may be cut off while the API server still makes its Job: it comes within these or not at all. */
const attemptsForUnknown = 6;
const attemptMillis = 5_000;

/**
 * Runs what waits for a flow, and cancels the flow if that ends before it has called `ended`: because the client leaves, the flow
 * could not be accepted for sure, or it cannot be followed any more. Nobody else will ever ask for its result. A client that is there does
 * not wait for that.
 */
export async function cancelAbandoned(
  abandonable: Abandonable,
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
    // Nobody is there to hear it.
    if (!client.aborted) failure = { error };
  }
  if (!flow.ended) {
    const cancelling = cancel(abandonable);
    if (client.aborted) await cancelling;
  }
  if (failure !== undefined) throw failure.error;
}

/** Never throws. */
async function cancel({ flows, flow, log, firstMillis = 500 }: Abandonable): Promise<void> {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    try {
      const answer = await flows.end(flow, 'cancelled-by-user', AbortSignal.timeout(attemptMillis));
      if (answer !== 'unknown' || attempt >= attemptsForUnknown) {
        log.info({ flowId: flow, answer }, 'cancelled a flow that nobody waits for any more');
        return;
      }
    } catch (error) {
      log.warn({ flowId: flow, problem: messageOf(error) }, 'could not cancel a flow that nobody waits for');
    }
    // A service that stops does not wait for it.
    const millis = backOffMillis({ firstMillis, maxMillis: firstMillis * 60 }, attempt);
    await delay(millis, undefined, { ref: false });
  }
}
