import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { FlowService } from '../provisioner/flow-service.ts';

export interface Abandonable {
  flows: Pick<FlowService, 'cancel'>;
  flow: string;
  log: Logger;
}

const attempts = 5;
const attemptMillis = 5_000;

/**
 * Runs what waits for a flow, and cancels the flow if the client leaves meanwhile: nobody else will ever ask for its result.
 * A cluster that is out of reach is asked a few times; after that the flow's own limits end it.
 */
export async function cancelAbandoned(
  { flows, flow, log }: Abandonable,
  client: AbortSignal,
  run: () => Promise<void>,
): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!client.aborted) throw error;
    await cancel({ flows, flow, log });
  }
}

async function cancel({ flows, flow, log }: Abandonable): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await flows.cancel(flow, 'cancelled-by-user', AbortSignal.timeout(attemptMillis));
      log.info({ flowId: flow, answer }, 'cancelled a flow that nobody waits for any more');
      return;
    } catch (error) {
      log.warn({ flowId: flow, problem: messageOf(error) }, 'could not cancel a flow that nobody waits for');
      if (attempt === attempts) return;
      await delay(500 * attempt);
    }
  }
}
