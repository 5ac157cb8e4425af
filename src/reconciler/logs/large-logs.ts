import { untilAborted } from '../../until-aborted.ts';

/** A log that is larger waits for its turn. */
const largeBytes = 1024 * 1024;
const mostAtOnce = 2;

/** Bounds the memory that logs take while they are archived, without holding up the usual small ones. */
export class LargeLogs {
  #free = mostAtOnce;
  readonly #waiting: (() => void)[] = [];

  open(): LogMemory {
    return new LogMemory(this);
  }

  async take(signal: AbortSignal): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    const turn = Promise.withResolvers<undefined>();
    function onTurn(): void {
      turn.resolve(undefined);
    }
    this.#waiting.push(onTurn);
    try {
      await untilAborted(turn.promise, signal);
    } catch (error) {
      const at = this.#waiting.indexOf(onTurn);
      // Its turn has come at the same moment.
      if (at === -1) this.release();
      else this.#waiting.splice(at, 1);
      throw error;
    }
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}

class LogMemory implements Disposable {
  readonly #all: LargeLogs;
  #isLarge = false;

  constructor(all: LargeLogs) {
    this.#all = all;
  }

  /** Waits when more than a usual log is held. */
  async hold(bytes: number, signal: AbortSignal): Promise<void> {
    if (this.#isLarge || bytes <= largeBytes) return;
    await this.#all.take(signal);
    this.#isLarge = true;
  }

  [Symbol.dispose](): void {
    if (this.#isLarge) this.#all.release();
  }
}
