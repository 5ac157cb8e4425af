import { untilAborted } from '../until-aborted.ts';

export type Load<T> = (signal: AbortSignal) => Promise<T>;

interface Shared<T> {
  result: Promise<T>;
  waiting: number;
  left: AbortController;
}

/**
 * Calls for one key that come while it is being loaded share that load. A caller that leaves is let go at once; the load is aborted when the
 * last one has left.
 */
export class SharedLoads<T> {
  readonly #underWay = new Map<string, Shared<T>>();

  async load(key: string, load: Load<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const shared = this.#underWay.get(key) ?? this.#begin(key, load);
    shared.waiting += 1;
    try {
      return await untilAborted(shared.result, signal);
    } finally {
      shared.waiting -= 1;
      if (shared.waiting === 0) this.#end(key, shared);
    }
  }

  #begin(key: string, load: Load<T>): Shared<T> {
    const left = new AbortController();
    const shared = { result: load(left.signal), waiting: 0, left };
    this.#underWay.set(key, shared);
    return shared;
  }

  /** Nobody who comes now may join a load that is aborted. */
  #end(key: string, shared: Shared<T>): void {
    if (this.#underWay.get(key) === shared) this.#underWay.delete(key);
    shared.left.abort(new Error('nobody waits for it any more'));
  }
}
