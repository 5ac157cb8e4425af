import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';

type There<T> = Exclude<T, undefined | null | false>;

/**
 * Asks `condition` again until it answers something other than `undefined`, `null` or `false`, and returns that. A throw counts as
 * "not yet". After the deadline it throws an error that names `what` it waited for and what the last try gave.
 */
export async function waitUntil<T>(
  what: string,
  condition: () => T | Promise<T>,
  deadlineMs = 180_000,
): Promise<There<T>> {
  const deadline = performance.now() + deadlineMs;
  let last: unknown;
  for (let pause = 20; performance.now() < deadline; pause = Math.min(pause * 1.5, 200)) {
    try {
      last = await condition();
      if (last !== undefined && last !== null && last !== false) return last as There<T>;
    } catch (error) {
      last = error;
    }
    await delay(pause);
  }
  throw new Error(`waited ${deadlineMs} ms in vain until ${what}; the last try gave ${inspect(last)}`);
}
