import type { Clock } from '../machinery/clock.ts';

/** One time of leading. */
export interface LeadershipTerm {
  /** Aborts when this replica may not write any more, with what is in flight. */
  readonly signal: AbortSignal;
  /**
   * Throws when this replica may not write any more: to be asked right before each write. A process that was paused gets its
   * answers before its timers have fired, so that the signal alone would let one more write pass.
   */
  check(): void;
}

/** A term ends by the clock, by `end`, or with the signal of the whole service. */
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

  /** Of this replica's time. */
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

  /** The first reason is the one that is kept. */
  end(why: string): void {
    this.lost.abort(new Error(why));
  }
}
