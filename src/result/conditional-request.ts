import type { ByteRange } from '../storage/object-store.ts';

/** The answer to a GET or HEAD of a body with a known length and a strong ETag (RFC 9110, sections 13.2.2 and 14). */
export type Selection =
  | { status: 200; range: ByteRange }
  | { status: 206; range: ByteRange }
  | { status: 304 }
  | { status: 412 }
  | { status: 416 };

export interface ConditionalHeaders {
  range: string;
  ifRange: string;
  ifMatch: string;
  ifNoneMatch: string;
}

/** Absent headers are empty. Several ranges, or a range that is not in bytes, are answered with the whole body. */
export function selectRange(
  headers: ConditionalHeaders,
  { length, etag }: { length: number; etag: string },
): Selection {
  const failed = checkConditions(headers, etag);
  if (failed !== undefined) return failed;
  const whole: Selection = { status: 200, range: { first: 0, last: length - 1 } };
  if (headers.ifRange !== '' && headers.ifRange !== etag) return whole;
  const [, first = '', last = ''] = /^bytes=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(headers.range) ?? [];
  if (first === '' && last === '') return whole;
  return cut(bounds(first, last, length), length) ?? whole;
}

function checkConditions({ ifMatch, ifNoneMatch }: ConditionalHeaders, etag: string): Selection | undefined {
  if (ifMatch !== '' && !includesTag(ifMatch, etag)) return { status: 412 };
  if (ifNoneMatch !== '' && includesTag(ifNoneMatch.replaceAll('W/"', '"'), etag)) return { status: 304 };
  return undefined;
}

/** Whether a list of If-Match or If-None-Match has the ETag, or is `*`. */
export function includesTag(list: string, etag: string): boolean {
  return list.split(',').some((one) => one.trim() === etag || one.trim() === '*');
}

/** `-n` means the last n bytes. */
function bounds(first: string, last: string, length: number): ByteRange {
  if (first === '')
    return { first: Math.max(length - Number(last), 0), last: Number(last) === 0 ? -1 : length - 1 };
  return { first: Number(first), last: last === '' ? Number.MAX_SAFE_INTEGER : Number(last) };
}

/** Undefined if the range ends before it starts. */
function cut({ first, last }: ByteRange, length: number): Selection | undefined {
  if (first >= length || last === -1) return { status: 416 };
  if (last < first) return undefined;
  return { status: 206, range: { first, last: Math.min(last, length - 1) } };
}
