import { StoreError } from './store-error.ts';

/** The bytes from start up to, but not with, end. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The one range a Range header asks for; InvalidRange when the content has none of it. Undefined means the whole content:
 * a header in another form, or with several ranges, may be left aside (RFC 9110 section 14.2).
 */
export function parseRange(header: string, size: number): ByteRange | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header.trim());
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === last && first === '') return undefined;
  const range = first === '' ? lastBytes(Number(last), size) : bytesFrom(Number(first), last, size);
  if (range.end <= range.start && range.start < size) return undefined;
  if (range.start >= size) throw new StoreError('InvalidRange');
  return range;
}

function lastBytes(count: number, size: number): ByteRange {
  return { start: Math.max(size - count, 0), end: size };
}

function bytesFrom(start: number, last: string, size: number): ByteRange {
  return { start, end: last === '' ? size : Math.min(Number(last) + 1, size) };
}
