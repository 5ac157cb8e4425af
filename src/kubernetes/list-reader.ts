const [quote, backslash] = [0x22, 0x5c];
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Depth of the list's own members, and depth between two items. */
const [inList, betweenItems] = [1, 2];

/**
 * Reads the JSON of a Kubernetes list while it arrives, and parses one item after the other. A page of 500 Jobs has several MiB; parsed as a
 * whole it needs many times as much memory, which the allocator keeps.
 */
export class ListReader {
  readonly #take: (item: unknown) => void;
  /** The start of an item that goes on in the next chunk. */
  #item: Buffer[] = [];
  /** Everything outside the items. */
  #rest: Buffer[] = [];
  #depth = 0;
  #isString = false;
  #isEscaped = false;
  #isItems = false;

  constructor(take: (item: unknown) => void) {
    this.#take = take;
  }

  /** Throws SyntaxError for an item that is not JSON, and what `take` throws. */
  write(chunk: Buffer): void {
    let from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (this.#isString) this.#followString(byte);
      else if (byte === quote) this.#isString = true;
      else if (byte === openBrace || byte === openBracket) from = this.#open(chunk, from, at);
      else if (byte === closeBrace || byte === closeBracket) from = this.#close(chunk, from, at);
    }
    this.#keep(chunk.subarray(from));
  }

  /** The list without its items. Throws SyntaxError if it ended early. */
  end(): unknown {
    return JSON.parse(Buffer.concat(this.#rest).toString());
  }

  #followString(byte: number | undefined): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === backslash) this.#isEscaped = true;
    else if (byte === quote) this.#isString = false;
  }

  /** Returns where the next piece starts. */
  #open(chunk: Buffer, from: number, at: number): number {
    this.#depth += 1;
    // Leaves out the comma before an item.
    if (this.#isItems) return this.#depth === betweenItems + 1 ? at : from;
    if (this.#depth !== betweenItems || chunk[at] !== openBracket) return from;
    this.#keep(chunk.subarray(from, at + 1));
    this.#isItems = /"items"\s*:\s*\[$/.test(Buffer.concat(this.#rest).toString());
    return at + 1;
  }

  #close(chunk: Buffer, from: number, at: number): number {
    this.#depth -= 1;
    if (!this.#isItems) return from;
    if (this.#depth === inList) {
      this.#isItems = false;
      return at;
    }
    if (this.#depth !== betweenItems) return from;
    const item = Buffer.concat([...this.#item, chunk.subarray(from, at + 1)]);
    this.#item = [];
    this.#take(JSON.parse(item.toString()));
    return at + 1;
  }

  /** Copies it, since a chunk is part of a larger buffer. */
  #keep(piece: Buffer): void {
    if (this.#isItems && this.#depth === betweenItems) return;
    if (piece.length > 0) (this.#isItems ? this.#item : this.#rest).push(Buffer.from(piece));
  }
}
