/** How a request is answered: as a new one, or by what its ids already name. */
export type Decision = 'accept' | KnownDecision;

export type KnownDecision =
  /** Sent again before the outcome was delivered: the callback is held back, then the answer is that to the first request. */
  | 'record-repeat'
  /** Sent again after it was delivered: answered as the first was. */
  | 'repeat'
  | 'deprovision'
  /** The ids name another content. */
  | 'conflict'
  /** The flow has ended and its connector will not get its data: a repeat must not be answered as if something followed. */
  | 'ended';

export interface KnownFlow {
  /** The connector took the outcome, or is past it. */
  delivered: boolean;
  /** Nothing more is delivered, whether or not the connector took it. */
  over: boolean;
  deprovisioned: boolean;
  /** The same asset, and the same template where the request names one. */
  sameContent: boolean;
}

/**
 * Before EDC 0.11 (no `type`) a provision and a deprovision look alike; the connector asks for a deprovision only after it took our
 * outcome, and repeats a provision only before.
 */
export function decideAnswer(type: 'provision' | undefined, known: KnownFlow): KnownDecision {
  if (!known.sameContent) return 'conflict';
  // Deprovisions come twice.
  if (type === undefined && (known.delivered || known.deprovisioned)) return 'deprovision';
  if (known.deprovisioned) return 'ended';
  if (known.delivered) return 'repeat';
  return known.over ? 'ended' : 'record-repeat';
}
