import type { Answer, Call } from '../call.ts';
import { bucketOf, objectOf, type StoredObject } from '../catalog.ts';
import { verifyReadPreconditions } from '../preconditions.ts';
import { parseRange } from '../range.ts';
import { headerOf, type StoreRequest } from '../request.ts';
import { holdSegments } from '../segments.ts';
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

/** GetObject and HeadObject: the same answer, one with the content and one without. */
export function getObject(call: Call): Answer {
  const { request } = call;
  const object = objectOf(bucketOf(call.state.catalog, request.bucket), request.key);
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
  // The stored checksum is that of the whole: beside a part of the content a client would take it for the part's.
  else if (headerOf(request, 'x-amz-checksum-mode').toUpperCase() === 'ENABLED')
    Object.assign(headers, checksumHeaders(object.checksum));
  const status = range === undefined ? 200 : 206;
  if (request.method === 'HEAD') return { status, headers };
  holdSegments(object.segments);
  return { status, headers, body: { segments: object.segments, start, end } };
}

function rangeOf(request: StoreRequest, object: StoredObject): { start: number; end: number } | undefined {
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
