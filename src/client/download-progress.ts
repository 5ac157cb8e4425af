import type { WriteStream } from 'node:tty';
import { formatBytes } from './table.ts';

const drawMillis = 100;

/** One line that is drawn again and again, on a terminal alone. */
export class DownloadProgress {
  readonly #out: WriteStream;
  readonly #total: number;
  readonly #start = performance.now();
  #bytes = 0;
  #drawnAt = -Infinity;

  constructor(out: WriteStream, total: number) {
    this.#out = out;
    this.#total = total;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    const now = performance.now();
    if (!this.#out.isTTY || now - this.#drawnAt < drawMillis) return;
    this.#drawnAt = now;
    const share = this.#total === 0 ? 100 : Math.floor((this.#bytes / this.#total) * 100);
    const rate = this.#bytes / Math.max(0.001, (now - this.#start) / 1000);
    const [done, total, pace] = [this.#bytes, this.#total, rate].map(formatBytes);
    this.#out.write(`\r\u001b[K${share} %  ${done ?? ''} of ${total ?? ''}  ${pace ?? ''}/s`);
  }

  /** Before other output. */
  clear(): void {
    if (this.#out.isTTY && this.#drawnAt > 0) this.#out.write('\r\u001b[K');
    this.#drawnAt = -Infinity;
  }
}
