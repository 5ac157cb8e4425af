import type { ApiClient } from '../client/api-client.ts';
import { readLog } from '../client/follow-log.ts';
import { messageOf } from '../errors.ts';
import type { Job } from '../http/routes/api/jobs/job-schema.ts';
import { logOutput } from './log-output.ts';

/** A job whose log is not at its end by then is one of a node that is away. */
const endMillis = 15_000;

/** Prints the log of each attempt of a job on standard error while it runs. A log that cannot be read is no reason to end. */
export class LogPrinter {
  readonly #client: ApiClient;
  readonly #id: string;
  readonly #over = new AbortController();
  readonly #signal: AbortSignal;
  #state: Job['state'] | undefined;
  #printing: Promise<void> = Promise.resolve();
  #hasPrinted = false;

  constructor(client: ApiClient, id: string, signal: AbortSignal) {
    this.#client = client;
    this.#id = id;
    this.#signal = AbortSignal.any([signal, this.#over.signal]);
  }

  onState(state: Job['state']): void {
    const isStart = state === 'running' && this.#state !== 'running';
    this.#state = state;
    if (isStart) this.#printing = this.#printing.then(() => this.#print(true));
  }

  /** Call it when the job has ended. */
  async end(): Promise<void> {
    // It may have run between two looks at it.
    if (!this.#hasPrinted) this.#printing = this.#printing.then(() => this.#print(false));
    const timer = setTimeout(() => {
      this.#over.abort();
    }, endMillis);
    await this.#printing.finally(() => {
      clearTimeout(timer);
    });
  }

  async #print(follow: boolean): Promise<void> {
    const write = logOutput(process.stderr);
    const query = { id: this.#id, follow, timestamps: false, write };
    try {
      await readLog(this.#client, query, this.#signal);
      this.#hasPrinted = true;
    } catch (error) {
      if (follow && !this.#signal.aborted)
        process.stderr.write(`the log cannot be read: ${messageOf(error)}\n`);
    }
  }
}
