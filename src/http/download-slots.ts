import { ServiceError } from '../errors.ts';

/** Gives the slot back. May be called more than once. */
export type ReleaseSlot = () => void;

/** Bounds how many results are sent at once: each keeps memory and a connection to the store for as long as its reader likes. */
export interface DownloadSlots {
  /** Waits for a slot, in the order of the calls. Throws `unavailable` if none becomes free in time or too many wait already. */
  take(signal: AbortSignal): Promise<ReleaseSlot>;
}

export interface DownloadSlotOptions {
  /** Largest number of downloads at once, and of requests that wait for a slot. */
  limit: number;
  /** Longest wait for a slot: most connectors end a transfer at the first 503. */
  waitMillis?: number;
}

export function createDownloadSlots({ limit, waitMillis = 10_000 }: DownloadSlotOptions): DownloadSlots {
  let free = limit;
  const waiting = new Set<() => void>();

  function release(): void {
    const [next] = waiting;
    if (next === undefined) free += 1;
    else next();
  }

  async function wait(signal: AbortSignal): Promise<void> {
    if (waiting.size >= limit) throw full(limit);
    const turn = Promise.withResolvers<undefined>();
    function leave(error: unknown): void {
      // Before a slot that becomes free in the same tick is given to a request that has gone.
      waiting.delete(enter);
      turn.reject(error instanceof Error ? error : full(limit));
    }
    function enter(): void {
      waiting.delete(enter);
      turn.resolve(undefined);
    }
    function abort(): void {
      leave(signal.reason);
    }
    waiting.add(enter);
    const timer = setTimeout(leave, waitMillis);
    signal.addEventListener('abort', abort, { once: true });
    try {
      await turn.promise;
    } finally {
      waiting.delete(enter);
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }

  return {
    async take(signal) {
      signal.throwIfAborted();
      if (free > 0) free -= 1;
      else await wait(signal);
      let held = true;
      return () => {
        if (held) release();
        held = false;
      };
    },
  };
}

function full(limit: number): ServiceError {
  return new ServiceError(
    'unavailable',
    `expected fewer downloads: ${limit} are under way (results.maxDownloads); try again later`,
  );
}
