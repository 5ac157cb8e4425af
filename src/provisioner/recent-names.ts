/** A deletion by hand is mended by the first flow that comes after this; pods wait for what they mount. */
export const freshMillis = 60_000;

/** Names of immutable objects that were seen in the cluster a moment ago, so that they are not sent again with every request. */
export class RecentNames {
  readonly #seen = new Map<string, number>();
  readonly #monotonic: () => number;

  constructor(monotonic: () => number = () => performance.now()) {
    this.#monotonic = monotonic;
  }

  add(name: string): void {
    this.#seen.set(name, this.#monotonic());
  }

  has(name: string): boolean {
    const at = this.#seen.get(name);
    return at !== undefined && this.#monotonic() - at < freshMillis;
  }
}
