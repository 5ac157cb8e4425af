import type { Clock } from '../../clock.ts';

/** One leadership of this replica. */
export interface LeadershipTerm {
  /** Aborts when this replica may not write any more; it also aborts the requests in flight. */
  readonly signal: AbortSignal;
  /**
   * Throws when this replica may not write any more; called right before each write. After a pause of the process, answers arrive before its
   * timers fire, so that the signal alone would allow one more write.
   */
  check(): void;
}

/** Ends at a time, by `end`, or with the signal of the whole service. */
export class BoundedLeadershipTerm implements LeadershipTerm {
  readonly signal: AbortSignal;
  private readonly lost = new AbortController();
  private readonly clock: Clock;
  private stopBy: number;

  constructor(clock: Clock, stopBy: number, stopping: AbortSignal) {
    this.clock = clock;
    this.stopBy = stopBy;
    this.signal = AbortSignal.any([stopping, this.lost.signal]);
  }

  /** Until this replica must stop writing. */
  get remainingMillis(): number {
    return this.signal.aborted ? 0 : Math.max(0, this.stopBy - this.clock.monotonic());
  }

  get isOver(): boolean {
    return this.remainingMillis === 0;
  }

  check(): void {
    if (!this.isOver) return;
    this.end('the Lease was not renewed in time');
    this.signal.throwIfAborted();
  }

  extend(stopBy: number): void {
    this.stopBy = stopBy;
  }

  /** The first reason counts. */
  end(why: string): void {
    this.lost.abort(new Error(why));
  }
}
