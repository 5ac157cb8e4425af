import { backOffMillis, type BackOff } from '../../back-off.ts';
import type { Delivery } from '../../flow/delivery.ts';

/** A connector that is starting answers like one whose address or key is wrong, and takes some seconds at least. */
const slowFirstMillis = 5000;

/**
 * Milliseconds until the next attempt. It counts from the last one, which the Job holds, so that a new leader does not call a connector at
 * once after a failed attempt of another replica. 0 if the replicas' clocks contradict each other.
 */
export function pauseBeforeAttempt(
  delivery: Delivery | undefined,
  { backoff, now, random }: { backoff: BackOff; now: number; random?: () => number },
): number {
  if (delivery === undefined || delivery.attempts === 0) return 0;
  const { attempts, slowFailures = 0, startedAt, endedAt = startedAt } = delivery;
  const elapsed = now - Date.parse(endedAt ?? '');
  const [pace, failures] = slowFailures === 0 ? [backoff, attempts] : [slow(backoff), slowFailures];
  const shortest = backOffMillis(pace, failures, () => 0);
  if (!(elapsed >= 0) || elapsed >= shortest) return 0;
  return backOffMillis(pace, failures, random) - elapsed;
}

function slow({ firstMillis, maxMillis }: BackOff): BackOff {
  return { firstMillis: Math.min(maxMillis, Math.max(firstMillis, slowFirstMillis)), maxMillis };
}
