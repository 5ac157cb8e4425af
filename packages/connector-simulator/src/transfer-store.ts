import type { Journal } from './journal.ts';
import type { TransferProcess } from './transfer-process.ts';

/** What every transfer has, whichever dialect its data is asked for in. */
export interface StoredTransfer {
  readonly id: string;
  state: string;
  errorDetail: string | undefined;
  readonly history: { readonly state: string; readonly at: number }[];
}

export type Goal<Transfer extends StoredTransfer = TransferProcess> =
  Transfer['state'] | ((process: Transfer) => boolean);

/** The connector's in-memory store: a restart loses it. */
export class TransferStore<Transfer extends StoredTransfer = TransferProcess> {
  readonly #processes = new Map<string, Transfer>();
  readonly #watchers = new Set<() => void>();
  readonly #journal: Pick<Journal<string, string>, 'now' | 'emit'>;
  readonly #isOver: (process: Transfer) => boolean;

  /** `isOver`: whether the process stays in its state. */
  constructor(
    journal: Pick<Journal<string, string>, 'now' | 'emit'>,
    isOver: (process: Transfer) => boolean,
  ) {
    this.#journal = journal;
    this.#isOver = isOver;
  }

  add(process: Transfer): void {
    this.#processes.set(process.id, process);
    this.move(process, 'INITIAL');
  }

  get(id: string): Transfer | undefined {
    return this.#processes.get(id);
  }

  all(): Transfer[] {
    return [...this.#processes.values()];
  }

  /** Whether the store still has this object: a caller may hold one from before `clear`. */
  has(process: Transfer): boolean {
    return this.#processes.get(process.id) === process;
  }

  move(process: Transfer, state: Transfer['state'], errorDetail = process.errorDetail): void {
    process.state = state;
    process.errorDetail = errorDetail;
    process.history.push({ state, at: this.#journal.now() });
    this.#journal.emit({ kind: 'state', transferProcessId: process.id, state, errorDetail });
    this.changed();
  }

  /** Checks the waiting predicates again; for changes without a transition. */
  changed(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  clear(): void {
    this.#processes.clear();
    this.changed();
  }

  /**
   * Resolves once the process has been in the state, or satisfies the predicate. Rejects after the deadline, after `clear`, and when
   * the process has ended without having been in that state.
   */
  async waitFor(
    id: string,
    goal: Goal<Transfer>,
    options: { deadlineMs: number; signal?: AbortSignal | undefined },
  ) {
    options.signal?.throwIfAborted();
    const reached = Promise.withResolvers<Transfer>();
    const judge = this.#verdict.bind(this, id, goal);
    function watcher(): void {
      const verdict = judge();
      if (verdict instanceof Error) reached.reject(verdict);
      else if (verdict) reached.resolve(structuredClone(verdict));
    }
    const timer = setTimeout(() => {
      const wanted = typeof goal === 'string' ? goal : 'the awaited condition';
      const waited = `${options.deadlineMs} ms: ${this.#describe(id)}`;
      reached.reject(new Error(`transfer ${id} did not reach ${wanted} within ${waited}`));
    }, options.deadlineMs);
    function onAbort(): void {
      reached.reject(options.signal?.reason as Error);
    }
    options.signal?.addEventListener('abort', onAbort);
    this.#watchers.add(watcher);
    try {
      watcher();
      return await reached.promise;
    } finally {
      clearTimeout(timer);
      this.#watchers.delete(watcher);
      options.signal?.removeEventListener('abort', onAbort);
    }
  }

  #verdict(id: string, goal: Goal<Transfer>): Transfer | Error | undefined {
    const process = this.#processes.get(id);
    if (process === undefined) return new Error(`transfer ${id} is unknown`);
    if (typeof goal === 'function') return goal(process) ? process : undefined;
    if (process.history.some((entry) => entry.state === goal)) return process;
    return this.#isOver(process)
      ? new Error(`transfer ${id} never reached ${goal}: ${this.#describe(id)}`)
      : undefined;
  }

  #describe(id: string): string {
    const process = this.#processes.get(id);
    if (process === undefined) return 'it is unknown';
    const states = process.history.map((entry) => entry.state).join(' → ');
    return process.errorDetail === undefined ? states : `${states} (${process.errorDetail})`;
  }
}
