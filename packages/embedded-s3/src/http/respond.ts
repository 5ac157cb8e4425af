import { createReadStream } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { releaseSegments } from '../content/segments.ts';
import type { Answer, ContentSlice } from './answer.ts';
import { headerOf, isStsRequest, type StoreRequest } from './request.ts';
import { StoreError } from './store-error.ts';
import { branch, leaf, stsDocument } from './xml.ts';

const readAhead = 512 * 1024;
/** A refused body up to this size is read and dropped, so that the connection can be used again. A larger one closes it. */
const mostDropped = 64 * 1024 * 1024;

/** Sends an answer. Content is streamed from its files, which are released afterwards, also when the client disconnects. */
export async function sendAnswer(response: ServerResponse, answer: Answer): Promise<void> {
  const { body } = answer;
  try {
    response.writeHead(answer.status, { ...lengthOf(answer), ...answer.headers });
    // One pipeline for all segments: each pipeline would leave its listeners on the response.
    if (typeof body === 'object') await pipeline(readSlice(body), response, { end: false });
    response.end(typeof body === 'string' ? body : undefined);
  } finally {
    if (typeof body === 'object') releaseSegments(body.segments);
  }
}

/** Sends an error in the form of S3. Anything but a StoreError becomes an InternalError without details. */
export function sendError(response: ServerResponse, error: unknown, request: StoreRequest | undefined): void {
  const refusal = error instanceof StoreError ? error : new StoreError('InternalError');
  if (request !== undefined && mustClose(request)) response.setHeader('connection', 'close');
  const body = request?.method === 'HEAD' ? '' : errorXml(refusal, request);
  response.writeHead(refusal.status, {
    'content-type': 'application/xml',
    'content-length': String(Buffer.byteLength(body)),
  });
  response.end(body);
}

async function* readSlice(slice: ContentSlice): AsyncGenerator<Buffer> {
  let offset = 0;
  for (const segment of slice.segments) {
    const start = Math.max(slice.start - offset, 0);
    const end = Math.min(slice.end - offset, segment.size);
    offset += segment.size;
    if (start >= end) continue;
    yield* createReadStream(segment.file, {
      start,
      end: end - 1,
      highWaterMark: readAhead,
    }) as AsyncIterable<Buffer>;
  }
}

/** The length of XML or of an empty answer. An operation that sends content sets the header itself. */
function lengthOf({ status, body }: Answer): { 'content-length'?: string } {
  if (status === 204 || status === 304) return {};
  return { 'content-length': String(typeof body === 'string' ? Buffer.byteLength(body) : 0) };
}

function mustClose(request: StoreRequest): boolean {
  if (request.message.complete) return false;
  const length = Number(
    headerOf(request, 'content-length') || (request.headers['transfer-encoding'] === undefined ? '0' : 'NaN'),
  );
  // A client that waits for `100 Continue` may not send the body after a refusal.
  const waits = headerOf(request, 'expect') !== '';
  return waits || !(length <= mostDropped);
}

function errorXml(error: StoreError, request: StoreRequest | undefined): string {
  const reason = [leaf('Code', error.code), leaf('Message', error.message)];
  if (request !== undefined && isStsRequest(request))
    return stsDocument('ErrorResponse', [
      branch('Error', [leaf('Type', 'Sender'), ...reason]),
      leaf('RequestId', request.id),
    ]);
  const resource = [
    leaf('Resource', request?.canonicalPath),
    leaf('BucketName', request?.bucket),
    leaf('Key', request?.key),
  ];
  const children = [...reason, ...resource, leaf('RequestId', request?.id), leaf('HostId', 'store')];
  return `<?xml version="1.0" encoding="UTF-8"?>\n${branch('Error', children)}`;
}
