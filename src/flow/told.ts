import type { Told } from './annotations.ts';
import type { Flow } from './flow.ts';

/** The connector has taken the outcome, or its process is past it. */
export function wasTaken(told: Pick<Told, 'result'> | undefined): boolean {
  return told?.result === 'told' || told?.result === 'ended';
}

/**
 * When the connector asked for a deprovision by a request that could have been a repeat: it came after the callback which was taken had
 * left. One that came earlier was a repeat, unless an earlier callback had been taken by a connector that nobody heard any more.
 */
export function readLateDeprovision(
  { maybeDeprovision, deprovisionAskedAt }: Pick<Flow, 'maybeDeprovision' | 'deprovisionAskedAt'>,
  { result, intent }: { result: Told['result']; intent: string | undefined },
): string | undefined {
  if (maybeDeprovision === undefined || deprovisionAskedAt !== undefined) return undefined;
  const meant = result === 'ended' || (result === 'told' && maybeDeprovision.intent === intent);
  return meant ? maybeDeprovision.at : undefined;
}
