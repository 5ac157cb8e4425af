import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import type { UploadResource as KnownResource } from '../../../src/flow/push.ts';
import { waitUntil } from '../../support/wait-until.ts';

export interface SinkRequest {
  request: IncomingMessage;
  response: ServerResponse;
  /** From 1. */
  number: number;
}

export interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** Undefined until the whole content has arrived. */
  body?: Buffer;
}

export interface TestSink {
  url: string;
  requests: Received[];
  /** Resolves when the sender has closed all connections. */
  untilClosed: () => Promise<unknown>;
}

/** A sink on the loopback that does what `handle` says with each request. */
export async function startSink(
  t: TestContext,
  handle: (one: SinkRequest, received: Received) => unknown,
): Promise<TestSink> {
  const requests: Received[] = [];
  const messages: IncomingMessage[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const { method = '', url: path = '', headers } = request;
    const received: Received = { method, path, headers };
    requests.push(received);
    messages.push(request);
    request.on('error', () => undefined);
    void Promise.resolve(handle({ request, response, number: requests.length }, received)).catch(
      () => undefined,
    );
  });
  server.on('connection', (socket) => {
    sockets.add(socket.on('error', () => undefined));
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/inbox`,
    requests,
    untilClosed() {
      // A server that does not read does not see the end of its connection.
      for (const message of messages) message.resume();
      return waitUntil('all connections of the sink are closed', () => sockets.size === 0);
    },
  };
}

/** Reads the whole content and answers. */
export async function take(
  { request, response }: SinkRequest,
  received: Received,
  status = 201,
): Promise<void> {
  received.body = await buffer(request);
  response.writeHead(status).end();
}

/** Reads so many bytes, then resets the connection. */
export async function dropAfter({ request }: SinkRequest, bytes: number): Promise<Buffer> {
  // The iterator takes the socket away from a request that is not read to its end.
  const { socket } = request;
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    parts.push(part);
    length += part.length;
    if (length >= bytes) break;
  }
  socket.resetAndDestroy();
  return Buffer.concat(parts);
}

export interface UploadResource {
  handle: (one: SinkRequest, received: Received) => Promise<void>;
  /** The bytes that the resource has. */
  bytes: () => Buffer;
  /** To be passed to the push: the connection is dropped only when the push has read the offer. */
  onUploadResource: (resource: KnownResource) => void;
}

/** A sink that offers resumption (draft-ietf-httpbis-resumable-upload) and drops the first connection after some bytes. */
export function uploadResource(
  dropped: number,
  { head, patch }: { head?: (one: SinkRequest) => boolean; patch?: (one: SinkRequest) => boolean } = {},
): UploadResource {
  let bytes: Buffer = Buffer.alloc(0);
  let length = '';
  const offered = Promise.withResolvers<KnownResource>();
  async function handle(one: SinkRequest, received: Received): Promise<void> {
    const { request, response } = one;
    if (request.method === 'POST') {
      length = String(request.headers['upload-length']);
      offer(request, '/uploads/1');
      await offered.promise;
      bytes = await dropAfter(one, dropped);
    } else if (request.method === 'HEAD') {
      if (head?.(one) === true) return;
      const offset = String(bytes.length);
      const headers = { 'upload-offset': offset, 'upload-complete': '?0', 'upload-length': length };
      response.writeHead(204, headers).end();
    } else {
      if (patch?.(one) === true) return;
      received.body = await buffer(request);
      if (request.headers['upload-offset'] !== String(bytes.length)) response.writeHead(409).end();
      bytes = Buffer.concat([bytes, received.body]);
      response.writeHead(200, { 'upload-complete': '?1' }).end();
    }
  }
  return { handle, bytes: () => bytes, onUploadResource: offered.resolve };
}

/** Node has no method for this interim answer. */
export function offer({ socket }: IncomingMessage, location: string, version = '8'): void {
  socket.write(
    `HTTP/1.1 104 Upload Resumption Supported\r\nlocation: ${location}\r\nupload-draft-interop-version: ${version}\r\n\r\n`,
  );
}
