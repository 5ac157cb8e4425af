import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { ServiceError, messageOf } from '../../errors.ts';
import type { SignedRequest } from './sign-request.ts';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface SenderOptions {
  endpoint: string;
  /** Ends a request after so much silence on its connection, connecting included. */
  timeoutMillis: number;
  connections: number;
  /** Closes a connection after so long without a request. Default: the server closes it. */
  idleMillis?: number;
}

export interface Sender {
  /** The host that signatures cover. */
  readonly host: string;
  /** One request, one answer with any status. Throws `store-unavailable` without an answer. */
  send(request: SignedRequest, signal: AbortSignal): Promise<Answer>;
  close(): void;
}

/** Not imported: an import reads all exports of `node:http`, and its lazy ones load a WebSocket client (14 MiB). */
const http = process.getBuiltinModule('node:http');

const answerLimitBytes = 8 * 1024 * 1024;

/** Kept-alive connections to one server. `node:https` costs memory: only an https endpoint loads it. */
export function createSender({ endpoint, timeoutMillis, connections, idleMillis }: SenderOptions): Sender {
  const url = new URL(endpoint);
  const transport = url.protocol === 'https:' ? process.getBuiltinModule('node:https') : http;
  const agent = new transport.Agent({
    keepAlive: true,
    maxSockets: connections,
    maxFreeSockets: connections,
    // A request under way has its own timeout.
    ...(idleMillis === undefined ? {} : { timeout: idleMillis }),
  });
  const target = {
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port,
    agent,
  };
  return {
    host: url.host,
    async send(request, signal) {
      signal.throwIfAborted();
      return new Promise<Answer>((resolve, reject) => {
        const { method, path, headers } = request;
        const sent = transport.request({ ...target, method, path, headers, signal, timeout: timeoutMillis });
        sent.on('timeout', () => {
          sent.destroy(new Error(`nothing was heard for ${timeoutMillis} ms`));
        });
        sent.on('error', (error) => {
          reject(unavailable(url, error));
        });
        sent.on('response', (response) => {
          readAnswer(response).then(resolve, (error: unknown) => {
            sent.destroy();
            reject(unavailable(url, error));
          });
        });
        sent.end(request.body);
      });
    },
    close() {
      agent.destroy();
    },
  };
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > answerLimitBytes) throw new Error(`the answer is longer than ${answerLimitBytes} bytes`);
    chunks.push(chunk);
  }
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

function unavailable(url: URL, error: unknown): ServiceError {
  const cause = error as NodeJS.ErrnoException;
  const problem = messageOf(error) === '' ? (cause.code ?? 'no answer') : messageOf(error);
  return new ServiceError('store-unavailable', `the store at ${url.origin} did not answer: ${problem}`, {
    cause: error,
  });
}
