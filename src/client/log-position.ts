import type { LogPart } from '../flow/timed-log.ts';

/** How far a log was read, by the times of its lines, so that it can be continued without a repeat. Several lines may have one time. */
export class LogPosition {
  #time = '';
  #linesAtTime = 0;
  #continuesAt = '';
  #toSkip = 0;
  #isShown = true;

  /** Of the last line; undefined if no line had one. */
  get time(): string | undefined {
    return this.#time === '' ? undefined : this.#time;
  }

  /** What comes next starts at the time of the last line. */
  breakOff(): void {
    this.#continuesAt = this.#time;
    this.#toSkip = this.#linesAtTime;
  }

  /** Returns those that were not passed before. */
  pass(parts: readonly LogPart[]): LogPart[] {
    return parts.filter(({ time }) => {
      if (time !== undefined) this.#isShown = this.#isNew(time);
      return this.#isShown;
    });
  }

  #isNew(time: string): boolean {
    if (time === '') return true;
    if (time < this.#continuesAt) return false;
    if (time === this.#continuesAt && this.#toSkip > 0) {
      this.#toSkip -= 1;
      return false;
    }
    this.#linesAtTime = time === this.#time ? this.#linesAtTime + 1 : 1;
    this.#time = time;
    return true;
  }
}
