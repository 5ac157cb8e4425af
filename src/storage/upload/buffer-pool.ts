import { partBytes } from './multipart-upload.ts';

/** A file up to this size gets a buffer of this size instead of a part's. */
const smallBytes = 64 * 1024;

interface Waiter {
  bytes: number;
  grant: (buffer: Buffer) => void;
}

/**
 * Bounds the memory for files of any size: all buffers together stay within the budget. Buffers of a part's size are reused.
 * Small ones are not counted: there are at most as many as files are uploaded at once.
 */
export class BufferPool {
  readonly #budgetBytes: number;
  readonly #idle: Buffer[] = [];
  readonly #idleSmall: Buffer[] = [];
  readonly #waiting: Waiter[] = [];
  #usedBytes = 0;

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  /**
   * A buffer of at least this size; waits its turn until it fits the budget. One larger than the whole budget is granted when no
   * other is in use.
   */
  async take(bytes: number, signal: AbortSignal): Promise<Buffer> {
    signal.throwIfAborted();
    if (bytes <= smallBytes) return this.#idleSmall.pop() ?? Buffer.allocUnsafeSlow(smallBytes);
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const waiter = { bytes: Math.max(bytes, partBytes), grant: resolve };
    this.#waiting.push(waiter);
    this.#grantNext();
    const onAbort = (): void => {
      const index = this.#waiting.indexOf(waiter);
      if (index === -1) return;
      this.#waiting.splice(index, 1);
      reject(signal.reason as Error);
      this.#grantNext();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    return promise.finally(() => {
      signal.removeEventListener('abort', onAbort);
    });
  }

  give(buffer: Buffer): void {
    if (buffer.length === smallBytes) {
      this.#idleSmall.push(buffer);
      return;
    }
    this.#usedBytes -= buffer.length;
    if (buffer.length === partBytes) this.#idle.push(buffer);
    this.#grantNext();
  }

  #grantNext(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#usedBytes += next.bytes;
      next.grant(this.#allocate(next.bytes));
    }
  }

  #fits(bytes: number): boolean {
    return this.#usedBytes === 0 || this.#usedBytes + bytes <= this.#budgetBytes;
  }

  /** Drops the idle buffers before it allocates one of another size, so that both never take memory at once. */
  #allocate(bytes: number): Buffer {
    if (bytes === partBytes) return this.#idle.pop() ?? Buffer.allocUnsafeSlow(partBytes);
    this.#idle.length = 0;
    return Buffer.allocUnsafeSlow(bytes);
  }
}
