import type { Delivery, DeliveryAttempt, TerminateInstead } from './delivery.ts';
import type { Flow } from './flow.ts';

/** A message to the connector that has a delivery of its own, by the member of the flow that has the delivery. */
export type DeliveryMember = 'readiness' | 'delivery' | 'completion' | 'confirmation';

/** In the order in which they follow each other. A flow never gets a delivery before one that it has: their numbers do not change. */
const members: readonly DeliveryMember[] = ['readiness', 'delivery', 'completion', 'confirmation'];

export interface ListedDelivery {
  /** From 1. */
  number: number;
  of: DeliveryMember;
  delivery: Delivery;
  /** The first attempt and the latest ones. */
  attempts: NumberedAttempt[];
  /** Attempts at all messages of this delivery. */
  total: number;
  /** Why the outcome is delivered as a termination. */
  instead?: TerminateInstead;
  /** Somebody may have it sent again. */
  replayable?: true;
}

export type NumberedAttempt = DeliveryAttempt & { number: number };

type Delivered = Partial<Pick<Flow, DeliveryMember | 'terminateInstead'>>;

/** Works for a flow and for its record. */
export function listDeliveries(flow: Delivered): ListedDelivery[] {
  const { terminateInstead: instead } = flow;
  const known = members.flatMap((of) => {
    const delivery = flow[of];
    return delivery === undefined ? [] : [{ of, delivery }];
  });
  return known.map(({ of, delivery }, index) => {
    const { total, kept } = delivery.history ?? { total: 0, kept: [] };
    const attempts = kept.map((attempt, at) => ({
      number: at === 0 ? 1 : total - kept.length + at + 1,
      ...attempt,
    }));
    const listed = { number: index + 1, of, delivery, attempts, total };
    return of === 'delivery' && instead !== undefined ? { ...listed, instead } : listed;
  });
}
