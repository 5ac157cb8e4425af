import { ServiceError } from './errors.ts';

/**
 * The promise's value, or a rejection with the signal's reason as soon as that aborts, even if what is waited for does not listen to
 * the signal itself. What comes of it later is dropped.
 */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  function onAbort(): void {
    aborted.reject(signal.reason as Error);
  }
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/**
 * The same for what has so many milliseconds at most: throws `deadline-exceeded` then, and the signal's reason if that aborts before,
 * whether or not `run` listens to the signal that it is given.
 */
export async function withinDeadline<T>(
  run: (signal: AbortSignal) => Promise<T>,
  millis: number,
  signal: AbortSignal,
): Promise<T> {
  using bounded = boundSignal(signal, millis);
  return await untilAborted(run(bounded.signal), bounded.signal);
}

/**
 * A signal that aborts with the given one or, as `deadline-exceeded`, after so many milliseconds; not any more once it is disposed of. Far
 * cheaper than `AbortSignal.any` with `AbortSignal.timeout`, whose weak references and timers are left to the garbage collector.
 */
export function boundSignal(signal: AbortSignal, millis: number): Disposable & { signal: AbortSignal } {
  const either = new AbortController();
  const timer = setTimeout(() => {
    either.abort(new ServiceError('deadline-exceeded', `no answer within ${millis} ms`));
  }, millis);
  function follow(): void {
    either.abort(signal.reason);
  }
  if (signal.aborted) follow();
  signal.addEventListener('abort', follow, { once: true });
  return {
    signal: either.signal,
    [Symbol.dispose]() {
      clearTimeout(timer);
      signal.removeEventListener('abort', follow);
    },
  };
}
