/** What a control-plane request is taken for, and so how it is answered. */
export type Decision =
  /** Nothing is known of it: make a flow of it. */
  | 'accept'
  /** Sent again before the outcome was told: mark it as asked again, then answer as the first was. */
  | 'ask-again'
  /** Sent again after all was told: answer as the first was, do nothing. */
  | 'repeat'
  | 'deprovision'
  | 'conflict';

export interface KnownFlow {
  told: boolean;
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
  if (type === 'provision') return known.told || known.deprovisioned ? 'repeat' : 'ask-again';
  // Deprovisions come twice.
  return known.told || known.deprovisioned ? 'deprovision' : 'ask-again';
}
