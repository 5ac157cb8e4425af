import { styleText } from 'node:util';

/** The subject of a step; the second column. */
export type Actor = 'cluster' | 'store' | 'service' | 'connector' | 'job' | 'worker' | 'sidecar' | 'consumer';

/** One line of the output. */
export interface Step {
  actor: Actor;
  text: string;
}

/** Prints each step with its time. Coloured at a terminal, unless NO_COLOR is set. */
export class StepPrinter {
  readonly #out: NodeJS.WriteStream;
  readonly #start = performance.now();

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  step({ actor, text }: Step): void {
    const seconds = ((performance.now() - this.#start) / 1000).toFixed(1).padStart(6);
    const time = this.#style('dim', `${seconds} s`);
    this.#out.write(`${time}  ${this.#style('cyan', actor.padEnd(9))}  ${text}\n`);
  }

  success(text: string): void {
    this.#out.write(`\n${this.#style('green', text)}\n`);
  }

  #style(format: 'dim' | 'cyan' | 'green', text: string): string {
    return styleText(format, text, { stream: this.#out });
  }
}
