/** A map that drops the entry that was used least recently. */
export class BoundedMap<Value> {
  readonly #limit: number;
  readonly #entries = new Map<string, Value>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The entry, which is the one that was used last now. */
  getOrCreate(key: string, create: () => Value): Value {
    const value = this.#entries.has(key) ? (this.#entries.get(key) as Value) : create();
    this.#entries.delete(key);
    this.#entries.set(key, value);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#limit && oldest !== undefined) this.#entries.delete(oldest);
    return value;
  }
}
