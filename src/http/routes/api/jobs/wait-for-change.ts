import { Wake } from '../../../wake.ts';

export interface Waiting<T> {
  read: () => Promise<T>;
  /** The listener is called after each change; returns how that ends. */
  subscribe: (listener: () => void) => () => void;
  isNews: (now: T) => boolean;
  /** Undefined: does not wait. */
  seconds: number | undefined;
  /** After so long without a change it is read all the same. Default: 15 s, since closed flows change without a call. */
  quietMillis?: (now: T) => number | undefined;
}

const longestSeconds = 60;
const usualQuietMillis = 15_000;

/** Reads after each change until there is news, the time is over or the signal aborts, and returns what it read last. */
export async function waitForChange<T>(
  { read, subscribe, isNews, seconds = 0, quietMillis }: Waiting<T>,
  signal: AbortSignal,
): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  const wake = new Wake();
  // Before the first look, so that no change between the two is missed.
  const unsubscribe = subscribe(wake.call);
  try {
    for (;;) {
      const now = await read();
      const left = deadline - performance.now();
      if (isNews(now) || left <= 0 || signal.aborted) return now;
      await wake.wait(Math.min(quietMillis?.(now) ?? usualQuietMillis, Math.ceil(left)), signal);
    }
  } finally {
    unsubscribe();
  }
}

/** Seconds of the preference `wait` (RFC 7240, section 4.3), at most a minute. Other preferences are ignored. */
export function readWait(header: string): number | undefined {
  const [, seconds] = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,9})"?/i.exec(header) ?? [];
  return seconds === undefined ? undefined : Math.min(Number(seconds), longestSeconds);
}
