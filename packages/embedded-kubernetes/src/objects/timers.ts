import { setTimeout as delay } from 'node:timers/promises';

/** Node fires a longer timer at once. */
export const longestTimer = 2 ** 31 - 1;

/** Waits, or less if the signal aborts; answers whether it waited to the end. */
export async function pause(millis: number, signal: AbortSignal): Promise<boolean> {
  await delay(Math.min(millis, longestTimer), undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
}

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    signal.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });
}

/** 10 s, 20 s, 40 s … up to five minutes, for a base of 10 s. */
export function doubled(base: number, round: number): number {
  return Math.min(300_000, base * 2 ** Math.min(round, 20));
}
