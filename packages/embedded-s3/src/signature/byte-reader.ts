/** Reads a stream by lines and by counted bytes. */
export interface ByteReader {
  /** The text up to the next line feed, without it and a carriage return before it; undefined at the end or when it is too long. */
  line(longest: number): Promise<string | undefined>;
  /** At least one and at most `most` bytes, as they arrive; undefined at the end. */
  some(most: number): Promise<Buffer | undefined>;
}

export function createByteReader(source: AsyncIterator<unknown>): ByteReader {
  let held: Buffer = Buffer.alloc(0);

  async function more(): Promise<Buffer | undefined> {
    const next = await source.next();
    return next.done === true ? undefined : (next.value as Buffer);
  }

  return {
    async line(longest) {
      let end = held.indexOf(10);
      while (end === -1) {
        const chunk = held.length > longest ? undefined : await more();
        if (chunk === undefined) return undefined;
        held = Buffer.concat([held, chunk]);
        end = held.indexOf(10);
      }
      if (end > longest) return undefined;
      const line = held.toString('latin1', 0, end);
      held = held.subarray(end + 1);
      return line.endsWith('\r') ? line.slice(0, -1) : line;
    },
    async some(most) {
      const from = held.length > 0 ? held : await more();
      if (from === undefined) return undefined;
      held = from.subarray(most);
      return from.subarray(0, most);
    },
  };
}
