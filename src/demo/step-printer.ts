import { styleText } from 'node:util';

/** Who a step is about; in the second column. */
export type Actor =
  'cluster' | 'store' | 'service' | 'connector' | 'job' | 'worker' | 'sidecar' | 'consumer' | 'demo';

/** Says what happens, when it happens; coloured for people at a terminal (and not for those who set NO_COLOR). */
export class StepPrinter {
  readonly #out: NodeJS.WriteStream;
  readonly #start = performance.now();

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  step(actor: Actor, text: string): void {
    const seconds = ((performance.now() - this.#start) / 1000).toFixed(1).padStart(6);
    const time = this.#style('dim', `${seconds} s`);
    this.#out.write(`${time}  ${this.#style('cyan', actor.padEnd(9))}  ${text}\n`);
  }

  success(text: string): void {
    this.#out.write(`\n${this.#style('green', text)}\n`);
  }

  line(text: string): void {
    this.#out.write(`${text}\n`);
  }

  #style(format: 'dim' | 'cyan' | 'green', text: string): string {
    return styleText(format, text, { stream: this.#out });
  }
}
