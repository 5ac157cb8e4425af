import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { messageOf } from '../../errors.ts';
import { fetchError } from './input-error.ts';

/** Not imported, as in `send-request.ts`: an import loads what this process never uses. */
const http = process.getBuiltinModule('node:http');

export interface BodyRequest {
  url: URL;
  /** Encoded, with the query. Default: that of the URL. */
  path?: string;
  headers: OutgoingHttpHeaders;
  /** Ends the answer after so much silence. */
  timeoutMillis: number;
}

/**
 * Sends one GET and resolves with the head of its answer, whose body the caller reads or destroys. Redirects are not followed. Errors name
 * the host alone, since the rest of an address may hold a secret.
 */
export async function openBody(
  { url, path = `${url.pathname}${url.search}`, headers, timeoutMillis }: BodyRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  signal.throwIfAborted();
  const transport = url.protocol === 'https:' ? process.getBuiltinModule('node:https') : http;
  return new Promise((resolve, reject) => {
    const sent = transport.request({
      protocol: url.protocol,
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port,
      // A connection of its own: a kept one may be closed by then.
      agent: false,
      path,
      headers,
      signal,
      timeout: timeoutMillis,
    });
    sent.on('timeout', () => {
      sent.destroy(new Error(`nothing was heard for ${timeoutMillis} ms`));
    });
    // Also after the head of the answer: then the body ends with the error.
    sent.on('error', (error: NodeJS.ErrnoException) => {
      const problem = messageOf(error) === '' ? (error.code ?? 'no answer') : messageOf(error);
      reject(fetchError('transient', `${url.host} did not answer: ${problem}`, error));
    });
    sent.on('response', resolve);
    sent.end();
  });
}
