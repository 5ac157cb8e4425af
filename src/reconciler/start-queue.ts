import type { Flow } from '../flow/flow.ts';

interface StartQueueOptions {
  /** Flows that run at once; 0: any number. */
  limit: number;
  flows: () => Iterable<Flow>;
}

/**
 * Which of the accepted flows have their turn: higher priority first, then in the order of acceptance. A flow has a slot from its start to
 * its outcome. One whose preparation fails keeps its place, since most failures are those of the cluster or the store and concern every flow.
 */
export class StartQueue {
  readonly #options: StartQueueOptions;
  /** Flows whose preparation is under way: the cache does not show yet that they run. */
  readonly #starting = new Set<string>();

  constructor(options: StartQueueOptions) {
    this.#options = options;
  }

  hasTurn(flow: Flow): boolean {
    return this.#options.limit === 0 || this.next().includes(flow.name);
  }

  /** The flows whose turn it is and that have not started; none without a limit, since then no flow waits for another one. */
  next(): string[] {
    const { limit, flows } = this.#options;
    if (limit === 0) return [];
    const waiting: Flow[] = [];
    let running = this.#starting.size;
    for (const flow of flows()) {
      if (this.#starting.has(flow.name) || flow.outcome !== undefined || flow.plan.receives === true)
        continue;
      if (flow.startedAt !== undefined) running += 1;
      else if (flow.plan.refused === undefined) waiting.push(flow);
    }
    const free = Math.max(0, limit - running);
    return free === 0
      ? []
      : waiting
          .sort(compareTurn)
          .slice(0, free)
          .map(({ name }) => name);
  }

  /** Keeps a slot during a preparation. */
  async starting<T>({ name }: Pick<Flow, 'name'>, prepare: () => Promise<T>): Promise<T> {
    this.#starting.add(name);
    try {
      return await prepare();
    } finally {
      this.#starting.delete(name);
    }
  }
}

function compareTurn(a: Flow, b: Flow): number {
  const byPriority = (b.request.priority ?? 0) - (a.request.priority ?? 0);
  if (byPriority !== 0) return byPriority;
  if (a.request.acceptedAt !== b.request.acceptedAt)
    return a.request.acceptedAt < b.request.acceptedAt ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}
