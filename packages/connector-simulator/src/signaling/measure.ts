import { createHash } from 'node:crypto';

/** What came over a connection. */
export interface Measured {
  readonly bytes: number;
  readonly sha256: string;
  /** Only if it was to be kept. */
  readonly content: Buffer | undefined;
}

/** Counts and digests a stream, in constant memory unless its content is to be kept. */
export class Measure {
  readonly #hash = createHash('sha256');
  readonly #chunks: Uint8Array[] | undefined;
  bytes = 0;

  constructor(keep: boolean) {
    this.#chunks = keep ? [] : undefined;
  }

  add(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    this.#hash.update(chunk);
    this.#chunks?.push(chunk);
  }

  /** To be called once. */
  end(): Measured {
    return {
      bytes: this.bytes,
      sha256: this.#hash.digest('hex'),
      content: this.#chunks && Buffer.concat(this.#chunks),
    };
  }
}
