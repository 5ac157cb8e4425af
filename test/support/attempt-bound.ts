import type { BackOff } from '../../src/back-off.ts';

/** The most attempts that fit into this time: the back-off's shortest waits, which are three quarters of what it says. */
export function mostAttempts(millis: number, { firstMillis, maxMillis }: BackOff): number {
  let attempts = 1;
  let wait = firstMillis;
  for (let at = 0.75 * wait; at <= millis; at += 0.75 * wait) {
    attempts += 1;
    wait = Math.min(maxMillis, 2 * wait);
  }
  return attempts;
}
