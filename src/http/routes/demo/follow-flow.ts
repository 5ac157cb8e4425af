import { setTimeout as delay } from 'node:timers/promises';
import { isOutOfReach, ServiceError } from '../../../errors.ts';
import type { FlowPlan } from '../../../flow/flow-plan.ts';
import type { FlowService, FlowView } from '../../../requests/flow-service.ts';

export interface Follower {
  flows: Pick<FlowService, 'view'>;
  now: () => Date;
  /** Pauses between two polls: the first one and the longest. */
  poll?: { firstMillis: number; maxMillis: number } | undefined;
}

/** Added to a template's own limits: for queues, preparation and verification. */
const slackSeconds = 300;
/** Successive polls that may not find an accepted flow. A poll without an answer does not count. */
const missLimit = 10;

/**
 * Polls a flow until it has an outcome. A poll that fails because the cluster is out of reach is repeated. Throws `gone` when the flow does
 * not exist any more, `deadline-exceeded` when it did not end within its template's limits.
 */
export async function* followFlow(
  { flows, now, poll }: Follower,
  flow: string,
  signal: AbortSignal,
): AsyncGenerator<FlowView, void> {
  const { firstMillis, maxMillis } = poll ?? { firstMillis: 100, maxMillis: 1000 };
  const started = now().getTime();
  let millis = firstMillis;
  let misses = 0;
  let plan: FlowPlan | undefined;
  for (;;) {
    const seen = await pollFlow(flows, flow, signal);
    misses = seen === 'missing' ? misses + 1 : seen === 'unanswered' ? misses : 0;
    if (misses >= missLimit && plan !== undefined)
      throw new ServiceError('gone', `${flow} does not exist any more`);
    if (typeof seen === 'object') {
      plan = seen.plan;
      yield seen;
      if (seen.outcome !== undefined) return;
    }
    if (now().getTime() - started > longestSeconds(plan) * 1000) {
      throw new ServiceError('deadline-exceeded', `${flow} did not end within its limits`);
    }
    await delay(millis, undefined, { signal });
    millis = Math.min(millis * 1.5, maxMillis);
  }
}

async function pollFlow(
  flows: Follower['flows'],
  flow: string,
  signal: AbortSignal,
): Promise<FlowView | 'missing' | 'unanswered'> {
  try {
    return (await flows.view(flow, signal)) ?? 'missing';
  } catch (error) {
    if (isOutOfReach(error) && !signal.aborted) return 'unanswered';
    throw error;
  }
}

function longestSeconds(plan: FlowPlan | undefined): number {
  const { pending = 0, run = 0, upload = 0 } = plan?.limits ?? {};
  return pending + run + upload + slackSeconds;
}
