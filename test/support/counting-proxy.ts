import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
  type ServerResponse,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface ProxyTarget {
  /** Where requests go; read at each of them, so that a target may come later than its proxy. */
  readonly url: string;
  /** PEM, for https. */
  ca?: string;
  /** A store's signature covers the Host that the client wrote; an API server wants its own. */
  keepHost: boolean;
  /** Changes a request's body on its way. */
  rewrite?: (body: string) => string;
}

/** Called around each request; what it awaits holds the request up, `false` drops it, and a status is answered instead. */
export interface ProxyHooks {
  before(request: SeenRequest): Verdict | Promise<Verdict>;
  /** The target has answered, the client has not heard it yet. */
  after(request: SeenRequest, status: number): Verdict | Promise<Verdict>;
}

export type Verdict = boolean | number;

export interface SeenRequest {
  proxy: string;
  method: string;
  path: string;
}

export interface CountingProxy extends AsyncDisposable {
  url: string;
}

/** A proxy on loopback that lets a test do something before and after any request that passes. */
export async function startCountingProxy(
  name: string,
  target: ProxyTarget,
  hooks: ProxyHooks,
): Promise<CountingProxy> {
  const server = createServer((request, response) => {
    pass({ name, target, hooks }, request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Passing {
  name: string;
  target: ProxyTarget;
  hooks: ProxyHooks;
}

async function pass(
  { name, target, hooks }: Passing,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  request.on('error', () => undefined);
  response.on('error', () => undefined);
  const seen = { proxy: name, method: request.method ?? '', path: request.url ?? '' };
  const allowed = await hooks.before(seen);
  if (allowed !== true) {
    refuse(response, allowed);
    return;
  }
  const answer = await forward({ target, request, response, body: await rewritten(target, request) });
  const heard = answer !== undefined && (await hooks.after(seen, answer.statusCode ?? 0));
  if (heard !== true) {
    answer?.destroy();
    refuse(response, heard);
    return;
  }
  response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
  answer.on('error', () => response.destroy());
  answer.pipe(response);
}

function refuse(response: ServerResponse, verdict: false | number): void {
  if (verdict === false) {
    response.destroy();
    return;
  }
  const status = { kind: 'Status', status: 'Failure', code: verdict, message: 'refused by the test' };
  response.writeHead(verdict, { 'content-type': 'application/json' }).end(JSON.stringify(status));
}

async function rewritten({ rewrite }: ProxyTarget, request: IncomingMessage): Promise<Buffer | undefined> {
  if (rewrite === undefined) return undefined;
  return Buffer.from(rewrite(await text(request)));
}

interface Forwarding {
  target: ProxyTarget;
  request: IncomingMessage;
  response: ServerResponse;
  /** Instead of the request's own. */
  body: Buffer | undefined;
}

/** Undefined if the target did not answer. */
function forward({ target, request, response, body }: Forwarding): Promise<IncomingMessage | undefined> {
  const to = new URL(target.url);
  const headers = { ...request.headers, ...(target.keepHost ? {} : { host: to.host }) };
  if (body !== undefined) headers['content-length'] = String(body.length);
  const options: RequestOptions = {
    hostname: to.hostname,
    port: to.port,
    method: request.method,
    path: request.url,
    headers,
    agent: false,
  };
  return new Promise((resolve) => {
    const outgoing =
      to.protocol === 'https:' ? httpsRequest({ ...options, ca: target.ca }) : httpRequest(options);
    outgoing.on('response', resolve);
    outgoing.on('error', () => {
      resolve(undefined);
    });
    response.on('close', () => outgoing.destroy());
    if (body === undefined) request.pipe(outgoing);
    else outgoing.end(body);
  });
}
