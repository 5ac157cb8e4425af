import { backOffMillis, type BackOff } from '../../back-off.ts';
import type { Delivery } from '../../flow/delivery.ts';

/** For what lasts some seconds at least: a connector that is starting answers like one whose address or key is wrong. */
const slowFirstMillis = 5000;

/**
 * Milliseconds until the next attempt. The Job knows the last one, so that a replica that starts, or begins to lead, does not call a
 * connector at once that another one has called in vain just now. 0 where the replicas' clocks contradict each other.
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
