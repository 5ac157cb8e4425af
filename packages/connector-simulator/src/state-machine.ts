import { pause } from './simulator-context.ts';
import type { StoredTransfer, TransferStore } from './transfer-store.ts';

/** Moves a process one state on; false if it waits for something else. */
export type Step<Transfer extends StoredTransfer> = (process: Transfer) => boolean | Promise<boolean>;

interface Loop<Transfer extends StoredTransfer> {
  readonly store: Pick<TransferStore<Transfer>, 'all' | 'has'>;
  readonly settings: { readonly iterationWaitMillis: number };
  /** Ends the loop. */
  readonly signal: AbortSignal;
}

/** The connector's only thread for transfers. It handles one process after the other: a peer that does not answer delays all. */
export class StateMachine<Transfer extends StoredTransfer> {
  readonly #loop: Loop<Transfer>;
  readonly #step: Step<Transfer>;
  /** While true, no transfer changes its state by itself. */
  paused = false;
  #ended: Promise<void> = Promise.resolve();

  constructor(loop: Loop<Transfer>, step: Step<Transfer>) {
    this.#loop = loop;
    this.#step = step;
  }

  start(): void {
    this.#ended = this.#run();
  }

  /** Resolves when the loop has ended after the signal was aborted. */
  ended(): Promise<void> {
    return this.#ended;
  }

  async #run(): Promise<void> {
    const { signal, settings } = this.#loop;
    while (!signal.aborted) {
      const worked = await this.#iterate();
      if (!worked) await pause(this.#loop, settings.iterationWaitMillis);
    }
  }

  async #iterate(): Promise<boolean> {
    const { signal, store } = this.#loop;
    let worked = false;
    for (const process of store.all()) {
      if (signal.aborted || this.paused) break;
      if (store.has(process) && (await this.#step(process))) worked = true;
    }
    return worked;
  }
}
