import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createUnzip } from 'node:zlib';
import { ServiceError } from '../errors.ts';
import type { HttpContext } from './route.ts';

/** Reads a JSON object of at most `limitBytes` after decompression. Throws an error that says what is wrong with the body. */
export function jsonReader(
  limitBytes: number,
  setting = 'http.bodyLimitBytes',
): (ctx: Pick<HttpContext, 'req' | 'request'>) => Promise<object> {
  return async function readJson({ req, request }) {
    if (hasBody(req) && request.is('json', '+json') === false)
      throw unsupported('Content-Type', 'application/json or another +json');
    const text = await readText(req, { limitBytes, setting });
    try {
      return checkObject(text === '' ? undefined : JSON.parse(text));
    } catch (cause) {
      throw cause instanceof SyntaxError ? unreadable('valid JSON', cause) : cause;
    }
  };
}

/** Clients say that a POST without a body has the length 0, and then no type: such a request has no body either. */
export function hasBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': chunked } = headers;
  return length !== '0' || chunked !== undefined;
}

/** Reads the fields of a form (`application/x-www-form-urlencoded`); a request without a body has none. */
export function formReader(limitBytes: number): (ctx: HttpContext) => Promise<URLSearchParams> {
  const type = 'application/x-www-form-urlencoded';
  return async function readForm({ req, request }) {
    if (hasBody(req) && request.is(type) === false) throw unsupported('Content-Type', type);
    return new URLSearchParams(await readText(req, { limitBytes, setting: 'http.bodyLimitBytes' }));
  };
}

async function readText(request: IncomingMessage, limit: BodyLimit): Promise<string> {
  return new TextDecoder().decode(await readBytes(request, limit));
}

interface BodyLimit {
  limitBytes: number;
  setting: string;
}

/** A body of any type, of at most so many bytes after decompression. */
export async function readBytes(
  request: IncomingMessage,
  { limitBytes, setting }: BodyLimit,
): Promise<Buffer> {
  const tooLarge = new ServiceError(
    'payload-too-large',
    `the body: expected at most ${limitBytes} bytes (${setting})`,
    { field: 'body' },
  );
  if (Number(request.headers['content-length']) > limitBytes) throw tooLarge;
  const stream = decompress(request);
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    // Leaves the request open, since a destroyed one cannot be answered.
    for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > limitBytes) throw tooLarge;
      chunks.push(chunk);
    }
  } catch (cause) {
    throw cause instanceof ServiceError
      ? cause
      : unreadable('a complete body in the format of Content-Encoding', cause);
  } finally {
    if (stream !== request) stream.destroy();
  }
  return Buffer.concat(chunks);
}

const decompressors = new Map([
  ['gzip', createUnzip],
  ['deflate', createUnzip],
  ['br', createBrotliDecompress],
]);

function decompress(request: IncomingMessage): Readable {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return request;
  const decompressor = decompressors.get(encoding)?.();
  if (decompressor === undefined)
    throw unsupported('Content-Encoding', 'gzip, deflate, br, or no such header');
  request.once('error', (error) => decompressor.destroy(error));
  return request.pipe(decompressor);
}

function unsupported(field: string, expected: string): ServiceError {
  return new ServiceError('unsupported-media-type', `${field}: expected ${expected}`, { field });
}

function unreadable(expected: string, cause: unknown): ServiceError {
  return new ServiceError('invalid-request', `the body: expected ${expected}`, { field: 'body', cause });
}

function checkObject(body: unknown): object {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  const message = `the body: expected a JSON object, received ${kindOf(body)}`;
  throw new ServiceError('invalid-request', message, { field: 'body' });
}

function kindOf(body: unknown): string {
  if (body === undefined || body === '') return 'nothing';
  if (body === null) return 'null';
  return Array.isArray(body) ? 'a list' : `a ${typeof body}`;
}
