import { partBytes } from './multipart-upload.ts';

/** Up to this a file gets a buffer of this size instead of a part's. */
const smallBytes = 64 * 1024;

interface Waiter {
  bytes: number;
  grant: (buffer: Buffer) => void;
}

/**
 * The bound on memory, whatever the files' sizes: buffers are reused, those of odd sizes are allocated for once, and
 * together they stay within the budget. Small ones are not counted: their number is bounded by the lanes that upload.
 */
export class BufferPool {
  readonly #budgetBytes: number;
  readonly #idle: Buffer[] = [];
  readonly #idleSmall: Buffer[] = [];
  readonly #waiting: Waiter[] = [];
  #outBytes = 0;

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  /**
   * A buffer of at least this size; waits its turn until it fits the budget. One larger than the whole budget comes when
   * nothing else is out.
   */
  async take(bytes: number, signal: AbortSignal): Promise<Buffer> {
    signal.throwIfAborted();
    if (bytes <= smallBytes) return this.#idleSmall.pop() ?? Buffer.allocUnsafeSlow(smallBytes);
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const waiter = { bytes: Math.max(bytes, partBytes), grant: resolve };
    this.#waiting.push(waiter);
    this.#grantNext();
    const onAbort = (): void => {
      const place = this.#waiting.indexOf(waiter);
      if (place === -1) return;
      this.#waiting.splice(place, 1);
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
    this.#outBytes -= buffer.length;
    if (buffer.length === partBytes) this.#idle.push(buffer);
    this.#grantNext();
  }

  #grantNext(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#outBytes += next.bytes;
      next.grant(this.#allocate(next.bytes));
    }
  }

  #fits(bytes: number): boolean {
    return this.#outBytes === 0 || this.#outBytes + bytes <= this.#budgetBytes;
  }

  /** What lies idle is let go of before a buffer of an odd size, so that both are never held at once. */
  #allocate(bytes: number): Buffer {
    if (bytes === partBytes) return this.#idle.pop() ?? Buffer.allocUnsafeSlow(partBytes);
    this.#idle.length = 0;
    return Buffer.allocUnsafeSlow(bytes);
  }
}
