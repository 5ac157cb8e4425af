import type { Intent } from '../flow/annotations.ts';
import type { Outcome } from '../flow/outcome.ts';
import { backOffMillis, type BackOff } from '../back-off.ts';

type Tried = { intent: Intent | undefined; outcome: Pick<Outcome, 'at'> };

/** Attempts at delivering this outcome so far, by whichever replica: each was followed by another one, or by nothing. */
export function attemptsSoFar({ intent, outcome }: Tried): number {
  if (intent === undefined || Date.parse(intent.at) <= Date.parse(outcome.at)) return 0;
  return intent.attempts ?? 0;
}

/**
 * Milliseconds until the next attempt. The work queue's back-off is a process's own: a replica that starts, or begins to lead, does not
 * call a connector at once that another one has called in vain just now. 0 where the replicas' clocks contradict each other.
 */
export function pauseBeforeAttempt(
  tried: Tried,
  { backoff, now }: { backoff: BackOff; now: number },
): number {
  const attempts = attemptsSoFar(tried);
  const elapsed = now - Date.parse(tried.intent?.at ?? '');
  if (attempts === 0 || !(elapsed >= 0)) return 0;
  // The shortest that the queue may wait: it never waits for this in vain.
  return Math.max(0, backOffMillis(backoff, attempts, () => 0) - elapsed);
}
