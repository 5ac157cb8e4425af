/** A part of a log, in latin1 so that no byte is changed: a line, or a piece of a long one. */
export interface LogPart {
  /** When its line was written, empty if that is not known; absent if the part continues a line. */
  time?: string;
  /** Ends with a line break if the line ends. */
  text: string;
}

/** A line that is longer is passed on in parts. */
const longestLine = 64 * 1024;

const timeAtStart = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) /;

/** Reads a log whose lines start with their times. */
export class TimedLog {
  #rest = '';
  #inLine = false;

  push(chunk: Uint8Array): LogPart[] {
    const text = this.#rest + Buffer.from(chunk).toString('latin1');
    const parts: LogPart[] = [];
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      parts.push(this.#part(text.slice(start, end + 1)));
      start = end + 1;
    }
    this.#rest = text.slice(start);
    return this.#rest.length > longestLine ? [...parts, ...this.end()] : parts;
  }

  /** What is left at the end of the log: a line without its end. */
  end(): LogPart[] {
    const text = this.#rest;
    this.#rest = '';
    return text === '' ? [] : [this.#part(text)];
  }

  #part(text: string): LogPart {
    const continues = this.#inLine;
    this.#inLine = !text.endsWith('\n');
    if (continues) return { text };
    const [start = '', time = ''] = timeAtStart.exec(text) ?? [];
    return { time, text: text.slice(start.length) };
  }
}

export interface ShownLog {
  /** Each line starts with its time. */
  timestamps: boolean;
  /** Only lines from this time on. RFC 3339. */
  sinceTime?: string;
}

/** Returns the bytes to show of the next parts of a log. */
export function createLogFormat({ timestamps, sinceTime }: ShownLog): (parts: readonly LogPart[]) => Buffer {
  const since = sinceTime === undefined ? -Infinity : Date.parse(sinceTime);
  let isShown = sinceTime === undefined;
  function format({ time, text }: LogPart): string {
    // Times do not go back: all that follows is shown.
    if (!isShown && time !== undefined) isShown = time === '' || Date.parse(time) >= since;
    if (!isShown) return '';
    return timestamps && time !== undefined && time !== '' ? `${time} ${text}` : text;
  }
  return (parts) => Buffer.from(parts.map(format).join(''), 'latin1');
}
