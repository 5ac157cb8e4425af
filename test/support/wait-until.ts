import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';

export interface WaitOptions {
  readonly deadlineMs?: number;
  readonly everyMs?: number;
  readonly signal?: AbortSignal | undefined;
}

const longestPauseMs = 200;

type There<T> = Exclude<T, undefined | null | false>;
type Try = { done: true; value: unknown } | { done: false; last: unknown };

/**
 * Asks `condition` again and again until it answers something other than `undefined`, `null` or `false`, and returns
 * that. An assertion error or any other throw counts as "not yet". After the deadline it throws an error that names
 * `what` it waited for and what the last try gave.
 */
export async function waitUntil<T>(
  what: string,
  condition: () => T | Promise<T>,
  { deadlineMs = 180_000, everyMs = 20, signal }: WaitOptions = {},
): Promise<There<T>> {
  const deadline = new AbortController();
  // Not AbortSignal.timeout: its timer would let the process end in the middle of a wait.
  const timer = setTimeout(() => {
    deadline.abort(new Error('the condition itself did not answer in time'));
  }, deadlineMs);
  const over = signal ? AbortSignal.any([deadline.signal, signal]) : deadline.signal;
  try {
    let last: unknown;
    let pause = everyMs;
    while (!over.aborted) {
      const result = await tryOnce(condition, over);
      if (result.done) return result.value as There<T>;
      last = result.last;
      await delay(pause, undefined, { signal: over }).catch(() => undefined);
      // Those who wait long ask less often: real servers share the machine with those who wait for them.
      pause = Math.max(everyMs, Math.min(pause * 1.5, longestPauseMs));
    }
    signal?.throwIfAborted();
    throw inVain(what, deadlineMs, last);
  } finally {
    clearTimeout(timer);
  }
}

async function tryOnce(condition: () => unknown, over: AbortSignal): Promise<Try> {
  try {
    const value = await beforeAbort(condition, over);
    const there = value !== undefined && value !== null && value !== false;
    return there ? { done: true, value } : { done: false, last: value };
  } catch (last) {
    return { done: false, last };
  }
}

async function beforeAbort(condition: () => unknown, over: AbortSignal): Promise<unknown> {
  const aborted = Promise.withResolvers<never>();
  function onAbort(): void {
    aborted.reject(over.reason as Error);
  }
  over.addEventListener('abort', onAbort);
  try {
    return await Promise.race([Promise.resolve().then(condition), aborted.promise]);
  } finally {
    over.removeEventListener('abort', onAbort);
  }
}

function inVain(what: string, deadlineMs: number, last: unknown): Error {
  const cause = last instanceof Error ? { cause: last } : {};
  return new Error(
    `waited ${deadlineMs} ms in vain until ${what}; the last try gave ${inspect(last)}`,
    cause,
  );
}
