import { EventEmitter, once } from 'node:events';
import { appendFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const newline = 0x0a;
const longestLine = 16 * 1024;

export interface LogLine {
  time: string;
  text: Buffer;
  /** A line that was cut, or never ended, is given out without its line feed. */
  whole: boolean;
}

export interface ContainerLogOptions {
  folder: string;
  now: () => Date;
  /** The log keeps between one and two times this. */
  segmentBytes?: number;
}

/**
 * What one run of a container wrote, in order, on disk and bounded: a full segment is followed by a new one, and only
 * the last two are kept.
 */
export class ContainerLog {
  readonly #folder: string;
  readonly #now: () => Date;
  readonly #segmentBytes: number;
  readonly #pending = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  readonly #changes = new EventEmitter();
  #segment = 0;
  #size = 0;
  #ended = false;

  constructor({ folder, now, segmentBytes = 5 * 1024 * 1024 }: ContainerLogOptions) {
    this.#folder = folder;
    this.#now = now;
    this.#segmentBytes = segmentBytes;
    this.#changes.setMaxListeners(0);
    mkdirSync(folder, { recursive: true });
  }

  append(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    let rest = Buffer.concat([this.#pending[stream], chunk]);
    const entries: Buffer[] = [];
    for (;;) {
      const end = rest.indexOf(newline);
      if (end >= 0 && end <= longestLine) {
        entries.push(this.#entry(rest.subarray(0, end), true));
        rest = rest.subarray(end + 1);
      } else if (rest.length >= longestLine) {
        entries.push(this.#entry(rest.subarray(0, longestLine), false));
        rest = rest.subarray(longestLine);
      } else break;
    }
    this.#pending[stream] = Buffer.from(rest);
    this.#write(entries);
  }

  /** Nothing comes any more: followers end. */
  end(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      const rest = this.#pending[stream];
      if (rest.length > 0) this.#write([this.#entry(rest, false)]);
      this.#pending[stream] = Buffer.alloc(0);
    }
    this.#ended = true;
    this.#changes.emit('change');
  }

  /** The lines so far. */
  lines(): LogLine[] {
    return [this.#segment - 1, this.#segment].flatMap((segment) => parseLines(this.#read(segment, 0)));
  }

  /** Lines as they come, from now until the end of the run or the signal. Slow readers lose what is rotated away. */
  async *follow(signal: AbortSignal): AsyncGenerator<LogLine[]> {
    let segment = this.#segment;
    let offset = this.#size;
    while (!signal.aborted) {
      const bytes = this.#read(segment, offset);
      offset += bytes.length;
      if (bytes.length > 0) yield parseLines(bytes);
      else if (segment < this.#segment) [segment, offset] = [segment + 1, 0];
      else if (this.#ended) return;
      else await once(this.#changes, 'change', { signal }).catch(() => undefined);
    }
  }

  #entry(text: Buffer, whole: boolean): Buffer {
    const time = this.#now().toISOString().replace('Z', '000000Z');
    return Buffer.concat([Buffer.from(`${time} ${whole ? 'F' : 'P'} `), text, Buffer.from('\n')]);
  }

  #write(entries: Buffer[]): void {
    if (entries.length === 0) return;
    const bytes = Buffer.concat(entries);
    if (this.#size > 0 && this.#size + bytes.length > this.#segmentBytes) {
      rmSync(this.#path(this.#segment - 1), { force: true });
      this.#segment += 1;
      this.#size = 0;
    }
    appendFileSync(this.#path(this.#segment), bytes);
    this.#size += bytes.length;
    this.#changes.emit('change');
  }

  #read(segment: number, offset: number): Buffer {
    if (segment < 0 || (segment === this.#segment && offset >= this.#size)) return Buffer.alloc(0);
    try {
      return readFileSync(this.#path(segment)).subarray(offset);
    } catch {
      return Buffer.alloc(0);
    }
  }

  #path(segment: number): string {
    return join(this.#folder, `${segment}.log`);
  }
}

function parseLines(bytes: Buffer): LogLine[] {
  const lines: LogLine[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(newline, start);
    const time = bytes.subarray(start, bytes.indexOf(0x20, start));
    const textStart = start + time.length + 3;
    const whole = bytes[textStart - 2] === 0x46;
    lines.push({ time: time.toString(), text: bytes.subarray(textStart, end), whole });
    start = end + 1;
  }
  return lines;
}
