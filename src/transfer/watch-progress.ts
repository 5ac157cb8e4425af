import type { Clock } from '../clock.ts';
import { ServiceError } from '../errors.ts';

export interface ProgressLimits {
  clock: Clock;
  idleMillis: number;
  /** On the clock. */
  deadline: number;
  /** Names what makes no progress. */
  waitsFor: () => string;
}

export interface ProgressWatch extends Disposable {
  /** Aborts with the given signal, and as `deadline-exceeded` after too long without `moved` or at the deadline. */
  signal: AbortSignal;
  /** Aborts when the watch is disposed of. */
  over: AbortSignal;
  moved(): void;
}

/** Keeps one sleep on the clock, however often something moves. */
export function watchProgress(limits: ProgressLimits, signal: AbortSignal): ProgressWatch {
  const { clock, idleMillis, deadline, waitsFor } = limits;
  const either = new AbortController();
  const over = new AbortController();
  let last = clock.monotonic();
  function follow(): void {
    either.abort(signal.reason);
  }
  function exceeded(now: number): ServiceError {
    const problem =
      now >= deadline ? 'the time for the whole push is over' : `${waitsFor()} for ${idleMillis / 1000} s`;
    return new ServiceError('deadline-exceeded', problem);
  }
  async function watch(): Promise<void> {
    while (!over.signal.aborted) {
      const now = clock.monotonic();
      if (now >= Math.min(last + idleMillis, deadline)) {
        either.abort(exceeded(now));
        return;
      }
      await clock.sleep(Math.min(last + idleMillis, deadline) - now, over.signal);
    }
  }
  if (signal.aborted) follow();
  signal.addEventListener('abort', follow, { once: true });
  void watch();
  return {
    signal: either.signal,
    over: over.signal,
    moved() {
      last = clock.monotonic();
    },
    [Symbol.dispose]() {
      signal.removeEventListener('abort', follow);
      over.abort();
    },
  };
}
