import { ServiceError } from '../errors.ts';

/** What is kept of the grace for the last words; of a short grace a fifth. */
const marginMillis = 5_000;

export interface Grace {
  /** Aborts when uploading must stop. */
  deadline: AbortSignal;
  /** Rejects a little later, for what did not heed the deadline; never resolves. */
  expired: Promise<never>;
  stop(): void;
}

/** The time between SIGTERM and SIGKILL, counted from the signal. */
export function startGrace(graceSeconds: number, terminate: AbortSignal): Grace {
  const graceMillis = graceSeconds * 1000;
  const margin = Math.min(marginMillis, graceMillis / 5);
  const deadline = new AbortController();
  const expired = Promise.withResolvers<never>();
  // Not everybody waits for it.
  expired.promise.catch(() => undefined);
  const timers: NodeJS.Timeout[] = [];
  function begin(): void {
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
  if (terminate.aborted) begin();
  else terminate.addEventListener('abort', begin, { once: true });
  return {
    deadline: deadline.signal,
    expired: expired.promise,
    stop() {
      terminate.removeEventListener('abort', begin);
      timers.forEach(clearTimeout);
    },
  };
}
