import type { Logger } from '../../log.ts';
import { backOffMillis, type BackOff } from '../../back-off.ts';

export interface WorkQueue {
  /**
   * The key's object changed: a pass runs now, or once more after the pass that runs. A key that pauses gets a pass only if `hasMoved` says
   * that its next step is another one.
   */
  add(key: string): void;
  size(): number;
  /** Drops all keys and resolves when the running passes have ended. */
  stop(): Promise<void>;
}

/** How one pass over a key ended. */
export interface PassEnd {
  /**
   * The step at which the pass stopped: the text is equal as long as the key's next step is the same. Until the pause is over, only a change
   * that leads to another step causes a pass; consecutive failures at one step add up. Undefined: every change causes a pass.
   */
  stoppedAt?: string | undefined;
  /** The next pass runs no later than this. */
  requeueAfterMillis?: number | undefined;
  /** The step failed: the next pass runs after a back-off. */
  failure?: { error: unknown } | undefined;
}

/** One pass; a throw is a failure at no step. */
export type Work = (key: string, signal: AbortSignal) => Promise<PassEnd>;

export interface WorkQueueOptions {
  work: Work;
  /** Whether the key's next step is another one than that at which it stopped. Default: it is. */
  hasMoved?: (key: string, stoppedAt: string) => boolean;
  concurrency: number;
  backoff: BackOff;
  log: Logger;
  random?: () => number;
}

/** The queue owns time and back-off: one pass per key runs at a time, and a pass never waits to try again. */
export function startWorkQueue(options: WorkQueueOptions): WorkQueue {
  const queue = new KeyedQueue(options);
  return {
    add: (key) => {
      queue.add(key);
    },
    size: () => queue.size(),
    stop: () => queue.stop(),
  };
}

/** The longest delay that a Node timer takes. */
const maxTimerMillis = 2 ** 31 - 1;

interface Pause {
  timer: NodeJS.Timeout;
  stoppedAt: string | undefined;
}

class KeyedQueue {
  private readonly options: WorkQueueOptions;
  private readonly ready = new Set<string>();
  private readonly running = new Map<string, Promise<void>>();
  /** Keys that were added while their pass ran. */
  private readonly changed = new Set<string>();
  private readonly pauses = new Map<string, Pause>();
  private readonly failures = new Map<string, { count: number; stoppedAt: string | undefined }>();
  private readonly stopping = new AbortController();

  constructor(options: WorkQueueOptions) {
    this.options = options;
  }

  add(key: string): void {
    if (this.stopping.signal.aborted) return;
    if (this.running.has(key)) {
      this.changed.add(key);
      return;
    }
    const pause = this.pauses.get(key);
    if (pause === undefined || this.hasMoved(key, pause.stoppedAt)) this.enqueue(key);
  }

  size(): number {
    return this.ready.size + this.running.size;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    for (const { timer } of this.pauses.values()) clearTimeout(timer);
    for (const keys of [this.pauses, this.ready, this.changed, this.failures]) keys.clear();
    await Promise.all(this.running.values());
  }

  private hasMoved(key: string, stoppedAt: string | undefined): boolean {
    return stoppedAt === undefined || (this.options.hasMoved?.(key, stoppedAt) ?? true);
  }

  private enqueue(key: string): void {
    clearTimeout(this.pauses.get(key)?.timer);
    this.pauses.delete(key);
    this.ready.add(key);
    this.fill();
  }

  private fill(): void {
    for (const key of this.ready) {
      if (this.running.size >= this.options.concurrency) return;
      this.ready.delete(key);
      // Set before the pass starts: its first lines may add the key, which must count as running then.
      const done = Promise.withResolvers<undefined>();
      this.running.set(key, done.promise);
      void this.run(key).then(done.resolve);
    }
  }

  private async run(key: string): Promise<undefined> {
    const end = await this.pass(key);
    this.running.delete(key);
    if (this.stopping.signal.aborted) return;
    this.requeue(key, end);
    this.fill();
  }

  private async pass(key: string): Promise<PassEnd> {
    try {
      return await this.options.work(key, this.stopping.signal);
    } catch (error) {
      return { failure: { error } };
    }
  }

  private requeue(key: string, end: PassEnd): void {
    const count = this.countFailure(key, end);
    const millis = end.failure === undefined ? end.requeueAfterMillis : this.backOff(key, count, end.failure);
    if (this.changed.delete(key) && this.runsForChange(key, end)) this.enqueue(key);
    else if (millis !== undefined) this.pause(key, millis, end.stoppedAt);
  }

  /** A change during the pass may be the pass's own write. A failure at no known step always waits. */
  private runsForChange(key: string, { stoppedAt, failure }: PassEnd): boolean {
    if (stoppedAt === undefined) return failure === undefined;
    return this.hasMoved(key, stoppedAt);
  }

  /** A pass that stops at the same step because it is too early does not reset the back-off. */
  private countFailure(key: string, { stoppedAt, failure }: PassEnd): number {
    const known = this.failures.get(key);
    const before = known?.stoppedAt === stoppedAt ? (known?.count ?? 0) : 0;
    const count = failure === undefined ? before : before + 1;
    if (count === 0) this.failures.delete(key);
    else this.failures.set(key, { count, stoppedAt });
    return count;
  }

  private backOff(key: string, failures: number, { error }: { error: unknown }): number {
    const millis = backOffMillis(this.options.backoff, failures, this.options.random);
    this.options.log.warn(
      { flowId: key, failures, againAfterMillis: Math.round(millis), err: error },
      'step failed, retried after a back-off',
    );
    return millis;
  }

  private pause(key: string, millis: number, stoppedAt: string | undefined): void {
    // A timer takes NaN, the result of an invalid date, for 1 ms.
    const finite = Number.isFinite(millis) ? millis : this.options.backoff.maxMillis;
    const timer = setTimeout(
      () => {
        this.enqueue(key);
      },
      Math.min(Math.max(finite, 0), maxTimerMillis),
    );
    this.pauses.set(key, { timer, stoppedAt });
  }
}
