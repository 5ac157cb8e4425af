import type { Logger } from '../log.ts';
import { backOffMillis, type BackOff } from './back-off.ts';

export interface WorkQueue {
  /** Wants the key reconciled now; while it is being worked on, once more afterwards. */
  add(key: string): void;
  /** Wants it not later than this many milliseconds from now. */
  addAfter(key: string, millis: number): void;
  size(): number;
  /** Takes no more keys and resolves when what runs has ended. */
  stop(): Promise<void>;
}

/** What one pass over a key asks for: nothing, or to come again after so many milliseconds. A throw asks for back-off. */
export type Work = (key: string, signal: AbortSignal) => Promise<{ againAfterMillis?: number }>;

export interface WorkQueueOptions {
  work: Work;
  concurrency: number;
  backoff: BackOff;
  log: Logger;
  random?: () => number;
}

/** The queue owns time and back-off: a key is worked on by one pass at a time, and the pass itself never waits to try again. */
export function startWorkQueue(options: WorkQueueOptions): WorkQueue {
  const queue = new KeyedQueue(options);
  return {
    add: (key) => {
      queue.add(key);
    },
    addAfter: (key, millis) => {
      queue.addAfter(key, millis);
    },
    size: () => queue.size(),
    stop: () => queue.stop(),
  };
}

/** The longest delay that a Node timer takes. */
const maxTimerMillis = 2 ** 31 - 1;

class KeyedQueue {
  private readonly options: WorkQueueOptions;
  private readonly ready = new Set<string>();
  private readonly running = new Map<string, Promise<void>>();
  private readonly timers = new Map<string, { timer: NodeJS.Timeout; at: number }>();
  private readonly failures = new Map<string, number>();
  private readonly stopping = new AbortController();

  constructor(options: WorkQueueOptions) {
    this.options = options;
  }

  add(key: string): void {
    if (this.stopping.signal.aborted) return;
    this.ready.add(key);
    this.fill();
  }

  addAfter(key: string, millis: number): void {
    if (this.stopping.signal.aborted) return;
    const at = performance.now() + millis;
    const known = this.timers.get(key);
    if (known !== undefined && known.at <= at) return;
    clearTimeout(known?.timer);
    const timer = setTimeout(
      () => {
        this.timers.delete(key);
        this.add(key);
      },
      Math.min(Math.max(millis, 0), maxTimerMillis),
    );
    this.timers.set(key, { timer, at });
  }

  size(): number {
    return this.ready.size + this.running.size;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    for (const { timer } of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    this.ready.clear();
    await Promise.all(this.running.values());
  }

  private fill(): void {
    for (const key of this.ready) {
      if (this.running.size >= this.options.concurrency) return;
      if (this.running.has(key)) continue;
      this.ready.delete(key);
      this.running.set(key, this.run(key));
    }
  }

  private async run(key: string): Promise<void> {
    try {
      const { againAfterMillis } = await this.options.work(key, this.stopping.signal);
      this.failures.delete(key);
      if (againAfterMillis !== undefined) this.addAfter(key, againAfterMillis);
    } catch (error) {
      this.backOff(key, error);
    } finally {
      this.running.delete(key);
      if (!this.stopping.signal.aborted) this.fill();
    }
  }

  private backOff(key: string, error: unknown): void {
    if (this.stopping.signal.aborted) return;
    const failures = (this.failures.get(key) ?? 0) + 1;
    this.failures.set(key, failures);
    const millis = backOffMillis(this.options.backoff, failures, this.options.random);
    this.options.log.warn(
      { flowId: key, failures, againAfterMillis: Math.round(millis), err: error },
      'A step failed and will be tried again.',
    );
    this.addAfter(key, millis);
  }
}
