/** A deletion by hand is mended by the first flow that comes after this; pods wait for what they mount. */
export const freshMillis = 60_000;

/** Names of immutable objects that were seen in the cluster a moment ago, so that they are not sent again with every request. */
export class RecentNames {
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
   * Writes it unless that was done a moment ago. Requests that come together write it once: as many conditional writes of one
   * object would get in each other's way. If the one that writes fails, the next one does it itself.
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
