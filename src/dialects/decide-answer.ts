import type { FoundFlow } from '../requests/flow-service.ts';

/** How a request is answered: as a new one, or by the flow of its ids. */
export type Decision = 'accept' | KnownDecision;

export type KnownDecision =
  /** A repeat before the outcome was delivered: the callback hold restarts, then the first answer is sent again. */
  | 'record-repeat'
  /** A repeat after the delivery: the first answer is sent again. */
  | 'repeat'
  | 'deprovision'
  /** The ids belong to a request with other content. */
  | 'conflict'
  /** The flow has ended without data for its connector: a repeat must not get an answer that promises a callback. */
  | 'ended';

export interface KnownFlow extends Pick<FoundFlow, 'delivered' | 'over' | 'deprovisioned'> {
  /** The same asset, and the same template where the request names one. */
  sameContent: boolean;
}

/**
 * Before EDC 0.11 (no `type`) provisions and deprovisions look alike. The connector sends a deprovision only after it has accepted
 * the outcome, and repeats a provision only before.
 */
export function decideAnswer(type: 'provision' | undefined, known: KnownFlow): KnownDecision {
  if (!known.sameContent) return 'conflict';
  // Connectors send deprovisions twice.
  if (type === undefined && (known.delivered || known.deprovisioned)) return 'deprovision';
  if (known.deprovisioned) return 'ended';
  if (known.delivered) return 'repeat';
  return known.over ? 'ended' : 'record-repeat';
}
