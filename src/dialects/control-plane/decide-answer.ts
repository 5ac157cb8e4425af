/** What a control-plane request is taken for, and so how it is answered. */
export type Decision =
  /** Nothing is known of it: make a flow of it. */
  | 'accept'
  /** Sent again before the outcome was delivered: mark it as asked again, then answer as the first was. */
  | 'record-repeat'
  /** Sent again after it was delivered: answer as the first was, do nothing. */
  | 'repeat'
  | 'deprovision'
  /** The ids name another content. */
  | 'conflict'
  /** The flow has ended and its connector will not get its data: a repeat has nothing to wait for, and must not be told that it has. */
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
 * Before EDC 0.11 a provision and a deprovision look alike; the connector asks for a deprovision only after it took our outcome,
 * and repeats a provision only before.
 */
export function decideAnswer(
  type: 'provision' | 'deprovision' | undefined,
  known: KnownFlow | undefined,
): Decision {
  if (type === 'deprovision') return 'deprovision';
  if (known === undefined) return 'accept';
  if (!known.sameContent) return 'conflict';
  // Deprovisions come twice.
  if (type === undefined && (known.delivered || known.deprovisioned)) return 'deprovision';
  if (known.deprovisioned) return 'ended';
  if (known.delivered) return 'repeat';
  return known.over ? 'ended' : 'record-repeat';
}
