import { partBytes } from './part-size.ts';

/** Below this a buffer of its own is cheaper than a slab. */
const smallBytes = 64 * 1024;

export interface BufferPool {
  /** Waits its turn until the buffer fits the budget; one larger than the whole budget comes when nothing else is out. */
  take(bytes: number, signal: AbortSignal): Promise<Buffer>;
  give(buffer: Buffer): void;
}

interface Waiter {
  bytes: number;
  grant: (buffer: Buffer) => void;
}

/**
 * The bound on memory, whatever the files' sizes: buffers of one part are reused, others are allocated for once, and
 * together they stay within the budget. Small ones are not counted: their number is bounded by the lanes that upload.
 */
export function createBufferPool(budgetBytes: number): BufferPool {
  const idle: Buffer[] = [];
  const waiting: Waiter[] = [];
  let out = 0;

  function grantNext(): void {
    for (let next = waiting[0]; next !== undefined && fits(next.bytes); next = waiting[0]) {
      waiting.shift();
      out += next.bytes;
      next.grant(
        next.bytes === partBytes ? (idle.pop() ?? Buffer.allocUnsafeSlow(partBytes)) : odd(next.bytes),
      );
    }
  }
  function odd(bytes: number): Buffer {
    idle.length = 0;
    return Buffer.allocUnsafeSlow(bytes);
  }
  function fits(bytes: number): boolean {
    return out === 0 || out + bytes <= budgetBytes;
  }

  return {
    async take(bytes, signal) {
      signal.throwIfAborted();
      if (bytes <= smallBytes) return Buffer.allocUnsafeSlow(bytes);
      const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
      const waiter = { bytes: Math.max(bytes, partBytes), grant: resolve };
      waiting.push(waiter);
      grantNext();
      function onAbort(): void {
        const place = waiting.indexOf(waiter);
        if (place === -1) return;
        waiting.splice(place, 1);
        reject(signal.reason as Error);
        grantNext();
      }
      signal.addEventListener('abort', onAbort, { once: true });
      return promise.finally(() => {
        signal.removeEventListener('abort', onAbort);
      });
    },
    give(buffer) {
      if (buffer.length <= smallBytes) return;
      out -= buffer.length;
      if (buffer.length === partBytes) idle.push(buffer);
      grantNext();
    },
  };
}
