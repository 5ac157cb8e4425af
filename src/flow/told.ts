import type { MaybeDeprovision, Told } from './annotations.ts';
import type { Outcome } from './outcome.ts';

/** The connector has taken the outcome, or its process is past it. */
export function wasTaken(told: Pick<Told, 'result'> | undefined): boolean {
  return told?.result === 'told' || told?.result === 'ended';
}

/** States of the connector's process that lead nowhere but to the end: nobody fetches anything any more. */
export const endStates: readonly string[] = [
  'COMPLETING',
  'COMPLETING_REQUESTED',
  'COMPLETED',
  'TERMINATING',
  'TERMINATING_REQUESTED',
  'TERMINATED',
  'DEPROVISIONING',
  'DEPROVISIONING_REQUESTED',
  'DEPROVISIONED',
];

/** Of a process that the connector does not know. */
const unknownState = 'UNKNOWN';

/**
 * Whether the results may go: the connector has asked for that, or its transfer was over before it had taken the address. No request
 * follows in the second case.
 */
export function nobodyFetches({ deprovisionAskedAt, outcome, told }: DeliveredFlow): boolean {
  if (deprovisionAskedAt !== undefined) return true;
  if (outcome?.phase === 'cancelled' && outcome.reason === 'transfer-ended') return true;
  return told?.result === 'ended' && [...endStates, unknownState].includes(told.detail ?? '');
}

interface DeliveredFlow {
  deprovisionAskedAt: string | undefined;
  outcome: Outcome | undefined;
  told: Told | undefined;
}

/**
 * When the connector asked for a deprovision by a request that could have been a repeat: it came after the callback which was taken had
 * left. One that came earlier was a repeat, unless an earlier callback had been taken by a connector that nobody heard any more.
 */
export function readLateDeprovision(
  told: Told | undefined,
  maybe: MaybeDeprovision | undefined,
): string | undefined {
  const meant = told?.result === 'ended' || (told?.result === 'told' && told.intent === maybe?.intent);
  return meant ? maybe?.at : undefined;
}
