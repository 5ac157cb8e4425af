import { setTimeout as delay } from 'node:timers/promises';
import { backOffMillis, type BackOff } from '../../back-off.ts';
import { isServiceError } from '../../errors.ts';

export interface Retry extends BackOff {
  /** Called for each failure after which another attempt follows. */
  onFailure?: (failure: { attempt: number; error: unknown }) => void;
}

/**
 * Repeats until the act succeeds, fails for good, or the signal aborts; then the last failure is thrown, since it says more than the
 * deadline does. `store-forbidden` is repeated too: keys expire, and are renewed while this process runs.
 */
export async function repeat<T>(act: () => Promise<T>, retry: Retry, signal: AbortSignal): Promise<T> {
  let last: unknown;
  for (let attempt = 1; ; attempt += 1) {
    try {
      signal.throwIfAborted();
      return await act();
    } catch (error) {
      if (signal.aborted) throw last ?? error;
      if (!isServiceError(error, 'store-unavailable', 'store-forbidden')) throw error;
      last = error;
      retry.onFailure?.({ attempt, error });
    }
    await delay(backOffMillis(retry, attempt), undefined, { signal }).catch(() => undefined);
  }
}
