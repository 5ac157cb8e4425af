import { isFinal, type DeliveryAttempt } from './delivery.ts';
import type { Flow } from './flow.ts';

/** How a connector takes its messages, as its flows say that are not closed. */
export interface DeliverySummary {
  /** Flows that are not closed. */
  open: number;
  /** Those of them whose outcome is not delivered yet. */
  undelivered: number;
  /** The latest attempt at an outcome. */
  last?: DeliveryAttempt & { flow: string };
}

export function summariseDeliveries(flows: Iterable<Flow>, connector: string): DeliverySummary {
  const summary: DeliverySummary = { open: 0, undelivered: 0 };
  for (const { name, request, outcome, delivery } of flows) {
    if (request.connector !== connector) continue;
    summary.open += 1;
    if (outcome !== undefined && !isFinal(delivery)) summary.undelivered += 1;
    const last = delivery?.history?.kept.at(-1);
    if (last !== undefined && isLater(last, summary.last)) summary.last = { flow: name, ...last };
  }
  return summary;
}

function isLater({ startedAt }: DeliveryAttempt, known: DeliveryAttempt | undefined): boolean {
  return known === undefined || startedAt > known.startedAt;
}
