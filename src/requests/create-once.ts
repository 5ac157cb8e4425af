/** How long a name is trusted without a check. The first flow after that recreates an object that was deleted by hand. */
export const freshMillis = 60_000;

/** Remembers immutable objects that were written within the last minute, so that not every request writes them again. */
export class CreateOnceCache {
  readonly #seen = new Map<string, number>();
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #monotonic: () => number;

  constructor(monotonic: () => number = () => performance.now()) {
    this.#monotonic = monotonic;
  }

  has(name: string): boolean {
    const at = this.#seen.get(name);
    return at !== undefined && this.#monotonic() - at < freshMillis;
  }

  /**
   * Writes the object unless a request did so within the last minute. Simultaneous requests write it once, since conditional writes of
   * one object would conflict. If the writing request fails, the next one writes.
   */
  async once(name: string, write: () => Promise<void>): Promise<void> {
    for (let other = this.#underWay.get(name); other !== undefined; other = this.#underWay.get(name))
      await other.catch(() => undefined);
    if (this.has(name)) return;
    const writing = write();
    this.#underWay.set(name, writing);
    try {
      await writing;
      this.#seen.set(name, this.#monotonic());
    } finally {
      if (this.#underWay.get(name) === writing) this.#underWay.delete(name);
    }
  }
}
