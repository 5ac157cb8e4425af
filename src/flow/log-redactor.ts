import { isUtf8 } from 'node:buffer';
import { redacted } from '../redact-secrets.ts';
import { encodingsOf, pieceLength, spellingsOf } from './log-tail.ts';
import type { LogPart } from './timed-log.ts';

/**
 * Redacts a log while it is read. A secret is found in any spelling of a log's tail, also across lines, whether or not a time stands
 * between them; each of its lines becomes one mark, so that the log has the same lines. Whole lines are passed on at once, but those with
 * which a secret of several lines may have started.
 */
export class LogRedactor {
  /** The longest first: one may start with another. In latin1, as the log. */
  readonly #spellings: readonly string[];
  /** What a secret of several lines starts with, up to each of its line breaks. */
  readonly #starts: readonly string[];
  /** Read and not passed on. */
  #held = '';
  /** Of the lines that start in what is held. */
  #times: string[] = [];
  #atStart = true;
  #inLine = false;

  constructor(secrets: readonly Buffer[]) {
    const all = new Set(secrets.flatMap(spellingsInBytes));
    all.delete('');
    this.#spellings = [...all].sort((a, b) => b.length - a.length);
    this.#starts = this.#spellings.flatMap(startsOf);
  }

  push(parts: readonly LogPart[]): LogPart[] {
    for (const { time, text } of parts) {
      if (time !== undefined) this.#times.push(time);
      this.#held += text;
    }
    // A log starts where its node has cut it, or where its reader wanted: perhaps within a secret.
    if (this.#atStart && this.#isWithinSecret()) return [];
    this.#maskStart();
    return this.#pass(this.#findUnsafe());
  }

  /** What is left at the end of the log. */
  end(): LogPart[] {
    this.#maskStart();
    this.#held = maskEnd(this.#held, this.#spellings);
    return this.#pass(this.#held.length);
  }

  #isWithinSecret(): boolean {
    return this.#spellings.some((one) => one.length > this.#held.length && one.includes(this.#held));
  }

  #maskStart(): void {
    if (this.#atStart) this.#held = maskStart(this.#held, this.#spellings);
    this.#atStart = false;
  }

  /** Where a secret may start of which the rest is not read yet. No secret is cut there. */
  #findUnsafe(): number {
    const held = this.#held;
    const [longest = ''] = this.#spellings;
    if (!held.endsWith('\n')) return this.#beforeSecretAt(Math.max(0, held.length - longest.length));
    const started = this.#starts.filter((start) => held.endsWith(start));
    if (started.length === 0) return held.length;
    const at = held.length - started.reduce((most, { length }) => Math.max(most, length), 0);
    return this.#beforeSecretAt(at === 0 ? 0 : held.lastIndexOf('\n', at - 1) + 1);
  }

  #beforeSecretAt(end: number): number {
    for (const one of this.#spellings) {
      const at = this.#held.indexOf(one, Math.max(0, end - one.length + 1));
      if (at !== -1 && at < end) return this.#beforeSecretAt(at);
    }
    return end;
  }

  #pass(end: number): LogPart[] {
    const text = this.#spellings.reduce((left, one) => left.replaceAll(one, mask), this.#held.slice(0, end));
    this.#held = this.#held.slice(end);
    const parts: LogPart[] = [];
    let times = 0;
    for (let at = 0; at < text.length;) {
      const lineEnd = text.indexOf('\n', at) + 1;
      const piece = lineEnd === 0 ? text.slice(at) : text.slice(at, lineEnd);
      parts.push(this.#inLine ? { text: piece } : { time: this.#times[times] ?? '', text: piece });
      if (!this.#inLine) times += 1;
      this.#inLine = lineEnd === 0;
      at += piece.length;
    }
    this.#times = this.#times.slice(times);
    return parts;
  }
}

function spellingsInBytes(secret: Buffer): string[] {
  const text = secret.toString('utf8');
  const plain = spellingsOf(text);
  const lines = plain.filter((one) => one.includes('\n')).map((one) => one.replaceAll('\n', '\r\n'));
  const bytes = isUtf8(secret) ? [] : [secret.toString('latin1'), ...encodingsOf(secret)];
  const encoded = [...plain, ...lines].flatMap((one) => [one, encodeURIComponent(one)]);
  return [...encoded.map((one) => Buffer.from(one).toString('latin1')), ...bytes];
}

function startsOf(spelling: string): string[] {
  const breaks = [...spelling.matchAll(/\n/g)].map(({ index }) => index + 1);
  return breaks.filter((end) => end < spelling.length).map((end) => spelling.slice(0, end));
}

function mask(text: string): string {
  return text.replaceAll(/[^\n]+/g, redacted);
}

/** The text may start in the middle of a secret. */
function maskStart(text: string, secrets: readonly string[]): string {
  const piece = text.slice(0, pieceLength);
  if (piece.length < pieceLength) return text;
  let longest = 0;
  for (const secret of secrets)
    for (let at = secret.indexOf(piece, 1); at !== -1; at = secret.indexOf(piece, at + 1))
      if (text.startsWith(secret.slice(at))) longest = Math.max(longest, secret.length - at);
  return mask(text.slice(0, longest)) + text.slice(longest);
}

/** The text may end in one. */
function maskEnd(text: string, secrets: readonly string[]): string {
  const piece = text.slice(-pieceLength);
  if (piece.length < pieceLength) return text;
  let longest = 0;
  for (const secret of secrets)
    for (let at = secret.indexOf(piece); at !== -1; at = secret.indexOf(piece, at + 1))
      if (text.endsWith(secret.slice(0, at + pieceLength))) longest = Math.max(longest, at + pieceLength);
  const end = text.length - longest;
  return text.slice(0, end) + mask(text.slice(end));
}
