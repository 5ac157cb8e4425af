import { setTimeout as delay } from 'node:timers/promises';
import { backOffMillis, type BackOff } from '../back-off.ts';
import { ServiceError } from '../errors.ts';

/** An attempt that may succeed later: no answer, or one that says so. */
export class TransientError extends ServiceError {
  /** Of `Retry-After`. */
  readonly retryAfterMillis: number | undefined;

  constructor(
    message: string,
    { retryAfterMillis, cause }: { retryAfterMillis?: number | undefined; cause?: unknown } = {},
  ) {
    super('unavailable', message, { cause });
    this.retryAfterMillis = retryAfterMillis;
  }
}

export interface PatienceOptions {
  /** How long attempts may fail in a row. */
  millis: number;
  backOff: BackOff;
  /** At the first failure in a row. */
  onWait: (problem: string) => void;
}

/** Waits between attempts that fail, longer and longer, until they have failed for too long. */
export class Patience {
  readonly #options: PatienceOptions;
  #failures = 0;
  #since = 0;

  constructor(options: PatienceOptions) {
    this.#options = options;
  }

  /** After any progress. */
  reset(): void {
    this.#failures = 0;
  }

  /** Throws the error if it is not transient or if attempts have failed for too long; the signal's reason if that aborts. */
  async wait(error: unknown, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!(error instanceof TransientError)) throw error;
    const { millis, backOff, onWait } = this.#options;
    const now = performance.now();
    if (this.#failures === 0) {
      this.#since = now;
      onWait(error.message);
    }
    this.#failures += 1;
    const left = this.#since + millis - now;
    if (left <= 0) throw error;
    const pause = Math.max(backOffMillis(backOff, this.#failures), error.retryAfterMillis ?? 0);
    try {
      await delay(Math.min(pause, left), undefined, { signal });
    } catch {
      signal.throwIfAborted();
    }
  }
}
