import { setTimeout as delay } from 'node:timers/promises';
import { isOutOfReach, ServiceError } from '../../../errors.ts';
import type { FlowPlan } from '../../../flow/flow-plan.ts';
import type { FlowService, FlowView } from '../../../requests/flow-service.ts';

export interface Follower {
  flows: Pick<FlowService, 'view'>;
  now: () => Date;
  /** Between two looks: the first wait, and the longest. */
  poll?: { firstMillis: number; maxMillis: number } | undefined;
}

/** Beyond a template's own limits: for queues, preparation and the verdict. */
const slackSeconds = 300;
/** Looks in a row that find nothing where a flow was accepted. One that nobody answers is none of them. */
const mostMisses = 10;

/**
 * Looks at a flow again and again, and ends after the look that shows its outcome. Looks that fail because the cluster is out
 * of reach are repeated, and say nothing about the flow. Throws `gone` when the flow is not there any more, `deadline-exceeded` when even its template's limits
 * did not end it.
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
    const seen = await look(flows, flow, signal);
    misses = seen === 'missing' ? misses + 1 : seen === 'unanswered' ? misses : 0;
    if (misses >= mostMisses && plan !== undefined)
      throw new ServiceError('gone', `${flow} is not there any more`);
    if (typeof seen === 'object') {
      plan = seen.plan;
      yield seen;
      if (seen.outcome !== undefined) return;
    }
    if (now().getTime() - started > longest(plan) * 1000) {
      throw new ServiceError('deadline-exceeded', `${flow} did not end within its limits`);
    }
    await delay(millis, undefined, { signal });
    millis = Math.min(millis * 1.5, maxMillis);
  }
}

async function look(
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

function longest(plan: FlowPlan | undefined): number {
  const { pending = 0, run = 0, upload = 0 } = plan?.limits ?? {};
  return pending + run + upload + slackSeconds;
}
