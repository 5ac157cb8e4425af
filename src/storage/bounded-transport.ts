import http, { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https, { type RequestOptions } from 'node:https';

/** One operation of the store's client, with the status and the headers of its last answer. */
export interface Call {
  signal: AbortSignal;
  status?: number;
  headers: IncomingHttpHeaders;
  /** Its request went out on an idle connection that the store was closing: there is no answer, and a new connection will do. */
  stale?: boolean;
}

type Transport = Pick<typeof http, 'request'>;

/** The client drops these answers without reading them, which would keep their connections busy. */
const unreadStatuses = new Set([408, 429, 499, 500, 502, 503, 504, 520]);

const resets = new Set(['ECONNRESET', 'EPIPE']);

/**
 * minio-js knows neither signals nor timeouts. Each operation therefore has a transport of its own, whose requests end with the
 * signal or after a silence of `timeoutMillis`. A reader that is slow to take what has arrived is no silence.
 */
export function boundedTransport(call: Call, timeoutMillis: number): Transport {
  function request(options: RequestOptions, onResponse?: (response: IncomingMessage) => void): ClientRequest {
    const { request: start } = options.protocol === 'https:' ? https : http;
    let response: IncomingMessage | undefined;
    const sent = start({ ...options, timeout: timeoutMillis, signal: call.signal }, (answer) => {
      response = answer;
      const { statusCode: status = 0, headers } = answer;
      Object.assign(call, { status, headers });
      onResponse?.(answer);
      if (unreadStatuses.has(status)) answer.resume();
    });
    sent.on('error', ({ code }: NodeJS.ErrnoException) => {
      call.stale = sent.reusedSocket && response === undefined && resets.has(code ?? '');
    });
    sent.on('timeout', () => {
      if (response !== undefined && response.readableLength > 0) sent.socket?.setTimeout(timeoutMillis);
      else sent.destroy(new Error(`nothing was heard for ${timeoutMillis} ms`));
    });
    return sent;
  }
  return { request: request as Transport['request'] };
}
