import { setTimeout as delay } from 'node:timers/promises';

export interface Waiting<T> {
  read: () => Promise<T>;
  isNews: (now: T) => boolean;
  /** Undefined: does not wait. */
  seconds: number | undefined;
}

const longestSeconds = 60;
/** Reads are answered from the cache. */
const pollMillis = 250;

/** Reads until there is news or the time is over, and returns what it read last. */
export async function waitForChange<T>(
  { read, isNews, seconds = 0 }: Waiting<T>,
  signal: AbortSignal,
): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const now = await read();
    const left = deadline - performance.now();
    if (isNews(now) || left <= 0) return now;
    await delay(Math.min(pollMillis, left), undefined, { signal });
  }
}

/** Seconds of the preference `wait` (RFC 7240, section 4.3), at most a minute. Other preferences are ignored. */
export function readWait(header: string): number | undefined {
  const [, seconds] = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,9})"?/i.exec(header) ?? [];
  return seconds === undefined ? undefined : Math.min(Number(seconds), longestSeconds);
}
