import { EventEmitter, once } from 'node:events';
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const newline = 0x0a;
const longestLine = 16 * 1024;

/** Before each line of the file, as a kubelet's has it: its time, and F for a whole line or P for a part. */
const timeLength = '2026-01-01T00:00:00.000000000Z'.length;
const prefixLength = timeLength + ' F '.length;

/**
 * What one run of a container wrote, in one file: lines of stdout and stderr in the order in which they ended. The file holds the last
 * `keptBytes` at least and twice as much at most.
 */
export class ContainerLog {
  readonly #file: string;
  readonly #keptBytes: number;
  readonly #pending = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  readonly #changes = new EventEmitter().setMaxListeners(0);
  /** Bytes that were written, and how many of these the file no longer has. */
  #written = 0;
  #dropped = 0;
  #ended = false;

  constructor(file: string, keptBytes = 5 * 1024 * 1024) {
    this.#file = file;
    this.#keptBytes = keptBytes;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '');
  }

  append(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    const bytes = Buffer.concat([this.#pending[stream], chunk]);
    const end = bytes.lastIndexOf(newline) + 1;
    // A line that is longer than this is written in parts, between which the other stream may write.
    const whole = bytes.length - end > longestLine ? bytes.length : end;
    this.#pending[stream] = bytes.subarray(whole);
    this.#write(bytes.subarray(0, whole));
  }

  /** Nothing comes any more: followers end. */
  end(): void {
    for (const rest of Object.values(this.#pending)) this.#write(rest);
    this.#ended = true;
    this.#changes.emit('change');
  }

  remove(): void {
    rmSync(this.#file, { force: true });
  }

  /** All that is kept, with prefixes. */
  read(): Buffer {
    return this.#readFrom(0);
  }

  /** The same for what comes from now until the end of the run or the signal. A slow reader misses what is dropped. */
  async *follow(signal: AbortSignal): AsyncGenerator<Buffer> {
    let position = this.#written;
    while (!signal.aborted) {
      const bytes = this.#readFrom(position);
      position = this.#written;
      if (bytes.length > 0) yield bytes;
      else if (this.#ended) return;
      else await once(this.#changes, 'change', { signal }).catch(() => undefined);
    }
  }

  #write(written: Buffer): void {
    if (written.length === 0) return;
    const bytes = withPrefixes(written);
    appendFileSync(this.#file, bytes);
    this.#written += bytes.length;
    if (this.#written - this.#dropped > 2 * this.#keptBytes) this.#drop();
    this.#changes.emit('change');
  }

  /** Keeps the end of the file, from the start of a line where there is one. */
  #drop(): void {
    const tail = this.read().subarray(-this.#keptBytes);
    const kept = tail.subarray(tail.subarray(0, -1).indexOf(newline) + 1);
    writeFileSync(this.#file, kept);
    this.#dropped = this.#written - kept.length;
  }

  #readFrom(position: number): Buffer {
    if (position >= this.#written) return Buffer.alloc(0);
    try {
      return readFileSync(this.#file).subarray(Math.max(0, position - this.#dropped));
    } catch {
      // Its pod is gone.
      return Buffer.alloc(0);
    }
  }
}

function withPrefixes(bytes: Buffer): Buffer {
  const time = `${new Date().toISOString().slice(0, -1)}000000Z`;
  const lines = bytes.toString('latin1').split('\n');
  const rest = lines.pop() ?? '';
  const parts = rest === '' ? [] : [`${time} P ${rest}\n`];
  return Buffer.from([...lines.map((line) => `${time} F ${line}\n`), ...parts].join(''), 'latin1');
}

/** Lines of the file as a client gets them. `since`: RFC 3339, UTC, whole seconds. */
export function withoutPrefixes(file: Buffer, since = '', timestamps = false): Buffer {
  let isNew = true;
  const lines = file.toString('latin1').split('\n').slice(0, -1);
  const texts = lines
    .filter((line) => line >= since)
    .map((line) => {
      const time = timestamps && isNew ? line.slice(0, timeLength + 1) : '';
      isNew = line[timeLength + 1] === 'F';
      return `${time}${line.slice(prefixLength)}${isNew ? '\n' : ''}`;
    });
  return Buffer.from(texts.join(''), 'latin1');
}

/** The end of the text: as many lines as asked for, or all of it. */
export function lastLines(text: Buffer, count: number | undefined): Buffer {
  if (count === undefined) return text;
  let start = text.length;
  for (let lines = 0; lines < count && start > 0; lines += 1) {
    start = start === 1 ? 0 : text.lastIndexOf('\n', start - 2) + 1;
  }
  return text.subarray(start);
}
