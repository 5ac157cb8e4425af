import { isFinal } from '../../flow/delivery.ts';
import { describePhase } from '../../flow/describe-flow.ts';
import { nextDeadline } from '../../flow/pending/deadlines.ts';
import type { PendingLimits } from '../../flow/pending/pending-cause.ts';
import { findWaitCause, type FlowWithAttempts } from '../../flow/pending/summarise-waiting.ts';
import type { Metrics } from '../../metrics.ts';
import type { FlowCache } from '../reconciler.ts';

type FlowGauges = Pick<
  Metrics,
  | 'flows'
  | 'queueFlows'
  | 'queueOldest'
  | 'overdue'
  | 'undelivered'
  | 'undeliveredOldest'
  | 'labelOf'
  | 'connectors'
>;

export interface Observation {
  cache: Pick<FlowCache, 'flows' | 'attempts'>;
  pendingLimits: PendingLimits;
  /** Milliseconds since the epoch. */
  now: number;
}

/** Sets the gauges of the open flows from one pass over the cache. Every configured connector has a series, also without a flow. */
export function setFlowGauges(metrics: FlowGauges, { cache, pendingLimits, now }: Observation): void {
  metrics.flows.reset();
  const queue = new Ages(now);
  const undelivered = new Map(metrics.connectors.map((name) => [name, new Ages(now)]));
  let overdue = 0;
  for (const flow of cache.flows()) {
    const observed = { flow, attempts: cache.attempts(flow.name) };
    const { phase } = describePhase(flow, observed.attempts);
    const reason = findWaitCause(observed, phase, now) ?? '';
    metrics.flows.inc({ state: phase, template: metrics.labelOf.template(flow.request.template), reason });
    if (phase === 'accepted') queue.add(flow.request.acceptedAt);
    if (flow.outcome !== undefined && !isFinal(flow.delivery)) {
      const connector = metrics.labelOf.connector(flow.request.connector);
      const ages = undelivered.get(connector) ?? new Ages(now);
      undelivered.set(connector, ages);
      ages.add(flow.outcome.at);
    }
    overdue = Math.max(overdue, overdueMillis(observed, { pendingLimits, now }));
  }
  metrics.queueFlows.set(queue.count);
  metrics.queueOldest.set(queue.oldestSeconds);
  metrics.overdue.set(overdue / 1000);
  metrics.undelivered.reset();
  metrics.undeliveredOldest.reset();
  for (const [connector, ages] of undelivered) {
    metrics.undelivered.set({ connector }, ages.count);
    metrics.undeliveredOldest.set({ connector }, ages.oldestSeconds);
  }
}

/** Only from the start to the outcome: the reconciler ends a step at its deadline, so that this stays near 0 while it works. */
function overdueMillis(
  { flow, attempts }: FlowWithAttempts,
  { pendingLimits, now }: Pick<Observation, 'pendingLimits' | 'now'>,
): number {
  if (flow.startedAt === undefined || flow.outcome !== undefined) return 0;
  return now - nextDeadline({ flow, attempts, pendingLimits, now }).at;
}

class Ages {
  count = 0;
  readonly #now: number;
  #oldestMillis = 0;

  constructor(now: number) {
    this.#now = now;
  }

  /** RFC 3339. */
  add(since: string): void {
    this.count += 1;
    this.#oldestMillis = Math.max(this.#oldestMillis, this.#now - Date.parse(since));
  }

  get oldestSeconds(): number {
    return this.#oldestMillis / 1000;
  }
}
