const lineBreak = 0x0a;

/** Keeps the end of a log in bounded memory: whole lines, after one that says how much is missing. */
export class LogEnd {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #size = 0;
  #dropped = 0;

  /** `limit`: bytes that are kept. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes that are held. */
  get size(): number {
    return this.#size;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    for (let [first] = this.#chunks; first !== undefined; [first] = this.#chunks) {
      if (this.#size - first.length < this.#limit) return;
      this.#chunks.shift();
      this.#size -= first.length;
      this.#dropped += first.length;
    }
  }

  end(): Buffer {
    const bytes = Buffer.concat(this.#chunks);
    this.#chunks = [];
    if (this.#dropped === 0 && bytes.length <= this.#limit) return bytes;
    const cut = Math.max(0, bytes.length - this.#limit);
    const line = bytes.indexOf(lineBreak, cut) + 1;
    // One line that is longer is cut where it must be.
    const start = line === 0 || line === bytes.length ? cut : line;
    return Buffer.concat([markOf(bytes.subarray(start), this.#dropped + start), bytes.subarray(start)]);
  }
}

/** With the time of the line that follows. */
function markOf(kept: Buffer, missing: number): Buffer {
  const [time = ''] = /^\d{4}-\S+ /.exec(kept.subarray(0, 64).toString('latin1')) ?? [];
  return Buffer.from(`${time}[the ${missing} bytes before this line were not kept]\n`);
}
