import { findObject, type StoredObject } from '../catalog/catalog.ts';
import { holdSegments } from '../content/segments.ts';
import type { Answer, ContentSlice } from '../http/answer.ts';
import { headerOf, type StoreRequest } from '../http/request.ts';
import { StoreError } from '../http/store-error.ts';
import { bucketOf, type Call } from './call.ts';
import { verifyReadPreconditions } from './preconditions.ts';
import { checksumHeaders } from './put-object.ts';

const overridden = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];

/** The query parameters that replace headers of the answer. */
export const responseOverrides: readonly string[] = overridden.map((name) => `response-${name}`);

/** GetObject and HeadObject: the same answer with and without the content. */
export function getObject(call: Call): Answer {
  const { request } = call;
  const object = findObject(bucketOf(call), request.key);
  const headers: Record<string, string> = {
    'accept-ranges': 'bytes',
    etag: `"${object.etag}"`,
    'last-modified': new Date(object.modified).toUTCString(),
  };
  if (verifyReadPreconditions(request, object) === 'not-modified') return { status: 304, headers };
  const range = rangeOf(request, object);
  const { start, end } = range ?? { start: 0, end: object.size };
  Object.assign(headers, object.headers, overrides(request), { 'content-length': String(end - start) });
  if (range !== undefined) headers['content-range'] = `bytes ${start}-${end - 1}/${object.size}`;
  // The stored checksum is that of the whole object: a client would compare a range with it.
  else if (headerOf(request, 'x-amz-checksum-mode').toUpperCase() === 'ENABLED')
    Object.assign(headers, checksumHeaders(object.checksum));
  const status = range === undefined ? 200 : 206;
  if (request.method === 'HEAD') return { status, headers };
  holdSegments(object.segments);
  return { status, headers, body: { segments: object.segments, start, end } };
}

type ByteRange = Pick<ContentSlice, 'start' | 'end'>;

function rangeOf(request: StoreRequest, object: StoredObject): ByteRange | undefined {
  const unchanged = headerOf(request, 'if-range');
  if (unchanged !== '' && unchanged !== `"${object.etag}"`) return undefined;
  return parseRange(headerOf(request, 'range'), object.size);
}

function overrides(request: StoreRequest): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of overridden) {
    const value = request.query.get(`response-${name}`);
    if (value !== undefined) found[name] = value.replace(/[^\t\x20-\x7e\x80-\xff]/g, '?');
  }
  return found;
}

/**
 * The range that a Range header asks for; `end` is exclusive. Throws InvalidRange when it lies outside the content.
 * Undefined means the whole content: a header in another form, or with several ranges, may be ignored (RFC 9110 14.2).
 */
function parseRange(header: string, size: number): ByteRange | undefined {
  const match = /^bytes=(?!-$)(\d{0,15})-(\d{0,15})$/.exec(header.trim());
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  const start = first === '' ? Math.max(size - Number(last), 0) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(Number(last) + 1, size);
  if (start >= size) throw new StoreError('InvalidRange');
  return end <= start ? undefined : { start, end };
}
