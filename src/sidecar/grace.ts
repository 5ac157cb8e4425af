import { ServiceError } from '../errors.ts';

/** The end of the grace that is kept for the termination message; a fifth of a short grace. */
const marginMillis = 5_000;

export interface Grace {
  /** Aborts when uploading must stop. */
  deadline: AbortSignal;
  /** Rejects a little later, for work that ignored the deadline; never resolves. */
  expired: Promise<never>;
  stop(): void;
}

/** The time between SIGTERM and SIGKILL, counted from the signal. */
export function startGrace(graceSeconds: number, terminate: AbortSignal): Grace {
  const graceMillis = graceSeconds * 1000;
  const margin = Math.min(marginMillis, graceMillis / 5);
  const deadline = new AbortController();
  const expired = Promise.withResolvers<never>();
  // It may reject when nothing waits for it.
  expired.promise.catch(() => undefined);
  const timers: NodeJS.Timeout[] = [];
  function start(): void {
    const over = new ServiceError(
      'deadline-exceeded',
      `the upload did not end within its grace of ${graceSeconds} s`,
    );
    const first = setTimeout(() => {
      deadline.abort(over);
    }, graceMillis - margin);
    const second = setTimeout(
      () => {
        expired.reject(over);
      },
      graceMillis - margin / 2,
    );
    timers.push(first, second);
  }
  if (terminate.aborted) start();
  else terminate.addEventListener('abort', start, { once: true });
  return {
    deadline: deadline.signal,
    expired: expired.promise,
    stop() {
      terminate.removeEventListener('abort', start);
      timers.forEach(clearTimeout);
    },
  };
}
