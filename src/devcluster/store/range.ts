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
  const [, first = '', last = ''] = match ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const start = Math.max(size - Number(last), 0);
    if (start >= size) throw new StoreError('InvalidRange');
    return { start, end: size };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= size) throw new StoreError('InvalidRange');
  return { start, end: last === '' ? size : Math.min(Number(last) + 1, size) };
}
