import { setTimeout as delay } from 'node:timers/promises';

/** Time that nobody sets back. */
export interface Clock {
  /** Milliseconds since some moment. */
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
