import { stripVTControlCharacters } from 'node:util';
import { redacted } from '../redact-secrets.ts';

/** How much of a worker's log is kept. */
export const logLines = 20;
const logBytes = 4096;
/** Shorter pieces of a secret reveal nothing, and would be found everywhere. */
export const pieceLength = 4;

export interface LogTailParts {
  /** The end of a log, as the cluster gave it. */
  text: string;
  /** The text may end in the middle of a line. */
  cut: boolean;
  /** Values of the Secrets that the worker was given. */
  secrets: readonly string[];
}

/** The last lines of a log, at most 20 and 4 KiB, without secrets and without terminal control characters. */
export function buildLogTail({ text, cut, secrets }: LogTailParts): string {
  const plain = printable(text);
  const spellings = secrets.flatMap(spellingsOf);
  const whole = redactEnds(plain, cut, spellings);
  const lines = replaceEach(spellings, whole).trimEnd().split('\n').slice(-logLines);
  return lastBytes(lines.join('\n'));
}

/** The same for a worker's termination message: a kubelet keeps only its last bytes. */
export function redactMessage(text: string, secrets: readonly string[]): string {
  const spellings = secrets.flatMap(spellingsOf);
  return replaceEach(spellings, redactEnds(text, false, spellings));
}

/** Literally: a secret may be a whole file, too long for the patterns that redact a peer's text. */
function replaceEach(spellings: readonly string[], text: string): string {
  // The longest first: one may start with another.
  const all = spellings.flatMap((one) => [one, encodeURIComponent(one)]);
  const known = [...new Set(all)].filter((one) => one !== '').sort((a, b) => b.length - a.length);
  return known.reduce((left, secret) => left.replaceAll(secret, redacted), text);
}

function printable(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[^\P{Cc}\n\t]/gu, '');
}

/** A program may print a secret as it is, line by line, quoted, or encoded. */
export function spellingsOf(secret: string): string[] {
  const trimmed = secret.trim();
  // Lines of a certificate. Shorter lines reveal nothing, and would be found everywhere in a log.
  const lines = trimmed.split(/\s*\n\s*/).filter((line) => line.length >= 8);
  const plain = [secret, trimmed, JSON.stringify(trimmed).slice(1, -1), ...lines];
  return secret.length < pieceLength ? plain : [...plain, ...encodingsOf(Buffer.from(secret))];
}

export function encodingsOf(bytes: Buffer): string[] {
  const base64 = bytes.toString('base64');
  return [base64, base64.replace(/=+$/, ''), bytes.toString('base64url'), bytes.toString('hex')];
}

/** The tail may start in the middle of a secret, and a cut text may end in one. */
function redactEnds(text: string, cut: boolean, secrets: readonly string[]): string {
  const start = longestOverlap(secrets, text);
  const rest = start === 0 ? text : `…${text.slice(start)}`;
  if (!cut) return rest;
  const end = longestOverlap(secrets.map(reverse), reverse(rest));
  return end === 0 ? rest : `${rest.slice(0, rest.length - end)}…`;
}

/** Length of the longest end of a secret with which the text starts. */
function longestOverlap(secrets: readonly string[], text: string): number {
  return secrets.reduce((most, secret) => {
    for (let length = Math.min(secret.length, text.length); length >= pieceLength; length -= 1) {
      if (text.startsWith(secret.slice(-length))) return Math.max(most, length);
    }
    return most;
  }, 0);
}

function reverse(text: string): string {
  return Array.from(text).reverse().join('');
}

/** Cuts at a line, or at a character if that leaves no line. */
function lastBytes(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= logBytes) return text;
  const mark = '…';
  const last = bytes.subarray(bytes.length - logBytes + Buffer.byteLength(mark)).toString('utf8');
  const line = last.indexOf('\n');
  return `${mark}${line === -1 || line === last.length - 1 ? last.replace(/^\uFFFD+/, '') : last.slice(line)}`;
}
