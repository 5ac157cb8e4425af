/** A map whose keys are kept in the order S3 lists them: that of their UTF-8 bytes. */
export interface SortedIndex<Value> {
  readonly size: number;
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  delete(key: string): void;
  /** The keys in order; `seek` finds where to start. */
  readonly keys: readonly string[];
  /** The index of the first key for which `isBefore` is false. It must be true for all keys before one and false from there. */
  seek(isBefore: (key: string) => boolean): number;
}

export function createSortedIndex<Value>(): SortedIndex<Value> {
  const values = new Map<string, Value>();
  const keys: string[] = [];

  function seek(isBefore: (key: string) => boolean): number {
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(keys[middle] ?? '')) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    keys,
    seek,
    get size() {
      return keys.length;
    },
    get: (key) => values.get(key),
    set(key, value) {
      if (!values.has(key))
        keys.splice(
          seek((other) => compareUtf8(other, key) < 0),
          0,
          key,
        );
      values.set(key, value);
    },
    delete(key) {
      if (values.delete(key))
        keys.splice(
          seek((other) => compareUtf8(other, key) < 0),
          1,
        );
    },
  };
}

/** Negative when the first comes before the second in UTF-8. JavaScript's own order puts surrogate pairs before U+E000…U+FFFF. */
export function compareUtf8(one: string, other: string): number {
  const shared = Math.min(one.length, other.length);
  for (let at = 0; at < shared; at += 1) {
    const left = one.charCodeAt(at);
    const right = other.charCodeAt(at);
    if (left !== right) return weight(left) - weight(right);
  }
  return one.length - other.length;
}

function weight(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
