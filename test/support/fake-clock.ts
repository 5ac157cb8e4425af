import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../src/clock.ts';

interface Sleeper {
  at: number;
  wake: () => void;
}

/** Time that passes only when a test says so; from one sleeper's end to the next, with all that follows from it in between. */
export class FakeClock implements Clock {
  #now = 0;
  readonly #sleepers = new Set<Sleeper>();

  monotonic(): number {
    return this.#now;
  }

  async sleep(millis: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const sleeper: Sleeper = {
      at: this.#now + Math.max(0, millis),
      wake: () => {
        resolve(undefined);
      },
    };
    this.#sleepers.add(sleeper);
    signal.addEventListener('abort', sleeper.wake, { once: true });
    await promise;
    signal.removeEventListener('abort', sleeper.wake);
    this.#sleepers.delete(sleeper);
  }

  /** As a process that was stopped finds it when it goes on: later, and no timer has fired yet. */
  jump(millis: number): void {
    this.#now += millis;
  }

  async advance(millis: number): Promise<void> {
    const end = this.#now + millis;
    await settle();
    for (;;) {
      const next = [...this.#sleepers].sort((one, other) => one.at - other.at)[0];
      if (next === undefined || next.at > end) break;
      this.#now = Math.max(this.#now, next.at);
      next.wake();
      await settle();
    }
    this.#now = Math.max(this.#now, end);
  }
}

/** Promises that depend on no clock have run their course by then. */
async function settle(): Promise<void> {
  await nextTurn();
}
