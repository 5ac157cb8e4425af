import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https, { type RequestOptions } from 'node:https';
import { PassThrough, type Readable } from 'node:stream';
import { translateError } from './translate-error.ts';

/** One operation of the store's client, as its transport sees it. */
export interface Call {
  signal: AbortSignal;
  /** Of its last answer. */
  status?: number;
  etag?: string | undefined;
  /** Content-Length: of what follows the headers. */
  size?: number | undefined;
  server?: string | undefined;
}

type Transport = Pick<typeof http, 'request'>;

/** The client throws these away without reading them, which would keep their connections busy for ever. */
const unreadStatuses = new Set([408, 429, 499, 500, 502, 503, 504, 520]);

/**
 * minio-js knows neither signals nor timeouts, so each operation has a transport of its own: its requests end with its signal, or when nothing was heard for the timeout. A reader that is slow to take what has arrived is not silence.
 */
export function boundedTransport(call: Call, timeoutMillis: number): Transport {
  function request(options: RequestOptions, onResponse?: (response: IncomingMessage) => void): ClientRequest {
    const { request: start } = options.protocol === 'https:' ? https : http;
    let response: IncomingMessage | undefined;
    const sent = start({ ...options, timeout: timeoutMillis, signal: call.signal }, (answer) => {
      response = answer;
      Object.assign(call, { status: answer.statusCode ?? 0, ...pick(answer.headers) });
      onResponse?.(answer);
      if (unreadStatuses.has(answer.statusCode ?? 0)) answer.resume();
    });
    sent.on('timeout', () => {
      if (response !== undefined && response.readableLength > 0) sent.socket?.setTimeout(timeoutMillis);
      else sent.destroy(new Error(`nothing was heard for ${timeoutMillis} ms`));
    });
    return sent;
  }
  return { request: request as Transport['request'] };
}

function pick(headers: IncomingMessage['headers']): Pick<Call, 'etag' | 'size' | 'server'> {
  const { etag, server, 'content-length': length } = headers;
  return {
    etag,
    size: length === undefined ? undefined : Number(length),
    server: typeof server === 'string' ? server : undefined,
  };
}

/** The body as it comes, its errors translated; whoever destroys it ends the request, too. */
export function guardBody(body: Readable, call: Call): Readable {
  const guarded = new PassThrough();
  body.on('error', (error) => {
    guarded.destroy(translateError(error, call));
  });
  guarded.on('close', () => {
    body.destroy();
  });
  // Aborted before anybody reads: the error must find a listener then, and still reach a reader who comes later.
  guarded.on('error', () => undefined);
  return body.pipe(guarded);
}
