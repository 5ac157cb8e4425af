import { setTimeout as delay } from 'node:timers/promises';
import { isServiceError } from '../../errors.ts';

export interface BackOff {
  firstMillis: number;
  maxMillis: number;
  /** 0 to 1; `Math.random` outside tests. */
  random: () => number;
  /** Told of each failure that is followed by another try. */
  onFailure?: (failure: { attempt: number; error: unknown }) => void;
}

/**
 * Tries until it works, the failure is final (anything but `store-unavailable`) or the signal aborts: then the last
 * failure is thrown, since it says more than the deadline does.
 */
export async function repeat<T>(act: () => Promise<T>, backOff: BackOff, signal: AbortSignal): Promise<T> {
  let last: unknown;
  for (let attempt = 1; ; attempt += 1) {
    try {
      signal.throwIfAborted();
      return await act();
    } catch (error) {
      if (signal.aborted) throw last ?? error;
      if (!isServiceError(error, 'store-unavailable')) throw error;
      last = error;
      backOff.onFailure?.({ attempt, error });
    }
    await delay(pauseMillis(attempt, backOff), undefined, { signal }).catch(() => undefined);
  }
}

/** Doubles from the first to the longest pause; half of it is chance, so that lanes do not come back together. */
export function pauseMillis(attempt: number, { firstMillis, maxMillis, random }: BackOff): number {
  const full = Math.min(maxMillis, firstMillis * 2 ** Math.min(attempt - 1, 30));
  return full / 2 + (full / 2) * random();
}
