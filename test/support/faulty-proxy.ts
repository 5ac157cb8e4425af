import { once } from 'node:events';
import {
  createServer,
  request as forward,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface ProxiedRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** From 1. */
  number: number;
}

/**
 * How one request fails. `before`: the target never sees it; `after`: the target has done it, the client does not hear.
 * `hang` answers nothing and keeps the connection; `truncate` ends the connection in the middle of the answer's body.
 */
export type Fault =
  | { kind: 'reset'; when: 'before' | 'after' }
  | { kind: 'hang'; when: 'before' | 'after' }
  | { kind: 'status'; when: 'before' | 'after'; status: number; body?: string }
  | { kind: 'truncate' };

export interface FaultyProxy extends AsyncDisposable {
  url: string;
  /** Every request that came, failed ones too. */
  requests: ProxiedRequest[];
  /** Asked for each request, which waits for the answer; may be replaced at any time. */
  fault: (request: ProxiedRequest) => Fault | undefined | Promise<Fault | undefined>;
}

/** An HTTP proxy that passes requests on with their own Host header, so that signatures hold, and fails some. */
export async function startFaultyProxy(target: string, host = '127.0.0.1'): Promise<FaultyProxy> {
  const proxy: FaultyProxy = {
    url: '',
    requests: [],
    fault: () => undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  const server = createServer((request, response) => {
    pass({ proxy, target }, request, response).catch(() => response.destroy());
  });
  server.listen(0, host);
  await once(server, 'listening');
  proxy.url = `http://${host}:${(server.address() as AddressInfo).port}`;
  return proxy;
}

async function pass(
  { proxy, target }: { proxy: FaultyProxy; target: string },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.on('error', () => undefined);
  const { method = '', url: path = '', headers } = request;
  const seen = { method, path, headers, number: proxy.requests.length + 1 };
  proxy.requests.push(seen);
  const body = buffer(request);
  body.catch(() => undefined);
  const fault = await proxy.fault(seen);
  if (fault !== undefined && fault.kind !== 'truncate' && fault.when === 'before') {
    await body;
    fail(fault, response);
    return;
  }
  const answer = await ask(target, request, await body);
  if (fault !== undefined && fault.kind !== 'truncate') {
    fail(fault, response);
    return;
  }
  response.writeHead(answer.status, answer.rawHeaders);
  if (fault === undefined) response.end(answer.body);
  else response.write(answer.body.subarray(0, answer.body.length / 2), () => response.destroy());
}

function fail(fault: Exclude<Fault, { kind: 'truncate' }>, response: ServerResponse): void {
  switch (fault.kind) {
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'hang':
      return;
    case 'status':
      response.writeHead(fault.status, { 'content-type': 'application/xml' });
      response.end(fault.body ?? '');
      return;
    default:
      fault satisfies never;
  }
}

interface WholeAnswer {
  status: number;
  rawHeaders: string[];
  body: Buffer;
}

async function ask(target: string, request: IncomingMessage, body: Buffer): Promise<WholeAnswer> {
  const { hostname, port } = new URL(target);
  const { method, url: path, headers } = request;
  const sent = forward({ hostname, port, method, path, headers, agent: false });
  // A store may answer before it has read all, and close: that is heard of after the answer, when nobody waits any more.
  sent.on('error', () => undefined);
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: answer.statusCode ?? 502, rawHeaders: answer.rawHeaders, body: await buffer(answer) };
}
