import { setTimeout as delay } from 'node:timers/promises';

/** A monotonic clock. */
export interface Clock {
  /** Milliseconds since an arbitrary moment. */
  monotonic(): number;
  /** Ends early, and without an error, when the signal aborts. */
  sleep(millis: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  monotonic: () => performance.now(),
  sleep: async (millis, signal) => {
    await delay(millis, undefined, { signal }).catch(() => undefined);
  },
};
