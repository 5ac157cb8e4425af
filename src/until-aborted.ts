import { ServiceError } from './errors.ts';

/**
 * The promise's value, or a rejection with the signal's reason as soon as it aborts, even if the work behind the promise does not listen
 * to the signal. A later result is dropped.
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
 * Runs within a timeout: throws `deadline-exceeded` at its end, or the signal's reason if that aborts earlier, whether or not `run`
 * listens to the signal that it gets.
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
 * A signal that aborts with the given one or, as `deadline-exceeded`, after so many milliseconds, until it is disposed of. Far cheaper
 * than `AbortSignal.any` with `AbortSignal.timeout`, which leave weak references and timers to the garbage collector.
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
