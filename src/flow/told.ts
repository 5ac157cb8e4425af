import type { MaybeDeprovision, Told } from './annotations.ts';

/** The connector has taken the outcome, or its process is past it. */
export function wasTaken(told: Pick<Told, 'result'> | undefined): boolean {
  return told?.result === 'told' || told?.result === 'ended';
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
