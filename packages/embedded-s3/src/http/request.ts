import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { StoreError } from './store-error.ts';

/** One request with its parsed target. Bucket and key are '' where the target has none. */
export interface StoreRequest {
  readonly id: string;
  readonly method: string;
  /** The path in the encoding that signatures use. */
  readonly canonicalPath: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: IncomingHttpHeaders;
  readonly message: IncomingMessage;
  /** Sends `100 Continue` to a client that waits for it before it sends the body. */
  readonly acceptBody: () => void;
}

/** Parses the target without normalising it: the key stays as it was sent, so that `..` is refused and not followed. */
export function parseRequest(message: IncomingMessage, acceptBody: () => void): StoreRequest {
  const target = message.url ?? '';
  if (!target.startsWith('/')) throw new StoreError('InvalidURI');
  const question = target.indexOf('?');
  const path = question === -1 ? target : target.slice(0, question);
  const segments = path.slice(1).split('/').map(decode);
  if (segments[0] === '' && segments.length > 1) throw new StoreError('InvalidBucketName');
  return {
    id: randomBytes(8).toString('hex').toUpperCase(),
    method: message.method ?? 'GET',
    canonicalPath: '/' + segments.map(encodeComponent).join('/'),
    bucket: segments[0] ?? '',
    key: segments.slice(1).join('/'),
    query: parseQuery(question === -1 ? '' : target.slice(question + 1)),
    headers: message.headers,
    message,
    acceptBody,
  };
}

/** Whether the request is for STS, which has the address of the store: S3 has no POST to `/`. */
export function isStsRequest(request: StoreRequest): boolean {
  return request.method === 'POST' && request.bucket === '' && request.query.size === 0;
}

/** The value of a request header, '' when it is absent. */
export function headerOf(request: Pick<StoreRequest, 'headers'>, name: string): string {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(',') : (value ?? '');
}

/** Percent-encodes everything but the unreserved characters, as AWS signs it. */
export function encodeComponent(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (found) => '%' + found.charCodeAt(0).toString(16).toUpperCase(),
  );
}

function parseQuery(text: string): Map<string, string> {
  const query = new Map<string, string>();
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode((equals === -1 ? pair : pair.slice(0, equals)).replaceAll('+', ' '));
    // With two values the signed one and the used one might differ.
    if (query.has(name))
      throw new StoreError('InvalidArgument', `The query parameter ${name} is given twice.`);
    query.set(name, equals === -1 ? '' : decode(pair.slice(equals + 1).replaceAll('+', ' ')));
  }
  return query;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new StoreError('InvalidURI');
  }
}
