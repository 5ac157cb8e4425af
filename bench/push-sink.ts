import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface BenchSink {
  url: string;
  /** Bytes since the last reset, over all connections. */
  received: () => number;
  /** `dropAt`: closes the connection once when it has so many bytes of an upload, which can be resumed. */
  reset: (dropAt?: number) => void;
}

/** Counts bytes, and offers to resume (draft-ietf-httpbis-resumable-upload). In the bench's own process, for all contestants alike. */
export async function startBenchSink(stack: AsyncDisposableStack): Promise<BenchSink> {
  const state = { received: 0, dropAt: Infinity };
  const server = createServer((request, response) => {
    if (request.method === 'HEAD') answerOffset(response, state.received);
    else void receive(request, response, state);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stack.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/big.bin`,
    received: () => state.received,
    reset(dropAt = Infinity) {
      state.received = 0;
      state.dropAt = dropAt;
    },
  };
}

function answerOffset(response: ServerResponse, offset: number): void {
  response.writeHead(204, { 'upload-offset': String(offset), 'upload-complete': '?0' }).end();
}

async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  state: { received: number; dropAt: number },
): Promise<void> {
  if (request.method === 'PUT' && request.headers['upload-complete'] !== undefined)
    request.socket.write(
      'HTTP/1.1 104 Upload Resumption Supported\r\nlocation: /upload\r\nupload-draft-interop-version: 8\r\n\r\n',
    );
  request.on('error', () => undefined);
  request.on('data', (part: Buffer) => {
    if (state.received > state.dropAt) return;
    state.received += part.length;
    if (state.received > state.dropAt) {
      state.dropAt = Infinity;
      request.socket.resetAndDestroy();
    }
  });
  await once(request, 'end').catch(() => undefined);
  if (request.complete) response.writeHead(200, { 'upload-complete': '?1' }).end();
}
