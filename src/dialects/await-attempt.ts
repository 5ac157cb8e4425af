import { setTimeout as delay } from 'node:timers/promises';
import { ServiceError } from '../errors.ts';
import type { FoundFlow } from '../requests/flow-service.ts';
import type { RouteDeps } from './dialect.ts';

export type AwaitDeps = Pick<RouteDeps<never>, 'busyHoldMillis'> & {
  flows: Pick<RouteDeps<never>['flows'], 'find' | 'recordRepeat'>;
};

/** The result of an attempt is usually written within milliseconds; the pause between two reads doubles. */
const firstPauseMillis = 25;

/**
 * Waits until the flow's delivery attempt has a result. The request is recorded as a repeat first, since it may be one: no callback may
 * overtake its answer. The wait is not longer than `busyHoldMillis`, for which an error would be held anyway.
 */
export async function awaitAttempt(
  { flows, busyHoldMillis }: AwaitDeps,
  { id, found }: { id: string; found: FoundFlow },
  signal: AbortSignal,
): Promise<FoundFlow> {
  const end = performance.now() + busyHoldMillis;
  await flows.recordRepeat(id, signal, found);
  let latest: FoundFlow | undefined = found;
  for (let pause = firstPauseMillis; latest?.delivering === true; pause *= 2) {
    const left = end - performance.now();
    // A timer may fire a fraction of a millisecond early: that is no reason for another look.
    if (left < 1) throw new ServiceError('unavailable', `${id} is being delivered, with no result yet`);
    await delay(Math.min(pause, left), undefined, { signal });
    latest = await flows.find(id, signal);
  }
  if (latest === undefined) throw new ServiceError('unavailable', `${id} was deleted while it was delivered`);
  return latest;
}
