import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Reaction } from './faults.ts';
import { Faults } from './faults.ts';
import { parseObject, type ApiRequest } from './api-answer.ts';
import type { Journal } from './journal.ts';
import { runRoute } from './route-request.ts';
import type { Route } from './route-request.ts';
import { pause } from './simulator-context.ts';

const host = '127.0.0.1';
const maxBodyBytes = 1024 * 1024;

interface ListenerContext {
  readonly journal: Pick<Journal<never, never>, 'now' | 'emit' | 'record'>;
  readonly signal: AbortSignal;
}

/** The connector's web server: callbacks and management API on one port, which it keeps when it opens again. */
export class Listener {
  readonly faults = new Faults();
  readonly #context: ListenerContext;
  readonly #findRoute: (path: string) => Route | undefined;
  #server: Server | undefined;
  #port: number;

  /** `findRoute`: undefined is a 404 of the web server. */
  constructor(context: ListenerContext, port: number, findRoute: (path: string) => Route | undefined) {
    this.#context = context;
    this.#port = port;
    this.#findRoute = findRoute;
  }

  get origin(): string {
    return `http://${host}:${this.#port}`;
  }

  /** Listens; after a `close` on the same port. */
  async open(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, host, resolve);
    });
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
    this.#context.journal.emit({ kind: 'listener', state: 'up' });
  }

  /** Closes the port and every connection at once. */
  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
    this.#context.journal.emit({ kind: 'listener', state: 'down' });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = this.#context.journal.now();
    response.on('error', () => undefined);
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const body = await readBody(request);
    const route = this.#findRoute(path);
    if (route === undefined) {
      response.writeHead(404).end();
      return;
    }
    const apiRequest = {
      method: request.method ?? '',
      path,
      contentType: request.headers['content-type'],
      authorization: request.headers.authorization,
      body,
    };
    const reaction = this.#react(route, { request: apiRequest, key: keyOf(request) });
    this.#record(route, { at, request, apiRequest, reaction });
    await this.#send(response, reaction);
  }

  #react(route: Route, received: { request: ApiRequest; key: string | undefined }): Reaction {
    return this.faults.react(
      route.endpoint,
      () => runRoute(route, received),
      () => show(received),
    );
  }

  async #send(response: ServerResponse, reaction: Reaction): Promise<void> {
    if (reaction.kind === 'hang') return;
    if (reaction.kind === 'close') {
      response.destroy();
      return;
    }
    if (reaction.delayMillis > 0) await pause(this.#context, reaction.delayMillis);
    const { status, contentType, body } = reaction.answer;
    response.writeHead(status, contentType === undefined ? {} : { 'content-type': contentType }).end(body);
  }

  #record(
    route: Route,
    {
      at,
      request,
      apiRequest,
      reaction,
    }: { at: number; request: IncomingMessage; apiRequest: ApiRequest; reaction: Reaction },
  ): void {
    const answered = reaction.kind === 'answer' ? reaction.answer : undefined;
    this.#context.journal.record({
      at,
      kind: route.endpoint,
      transferProcessId: route.transferProcessId,
      method: apiRequest.method,
      target: apiRequest.path,
      headers: request.headers,
      body: apiRequest.body,
      status: answered?.status,
      answer: answered?.body ?? '',
      error: answered === undefined ? reaction.kind : undefined,
      millis: this.#context.journal.now() - at,
    });
  }
}

/** Shows the members of the body in reverse order, since a reader may keep only the start of the text. */
function show({ request, key = '' }: { request: ApiRequest; key: string | undefined }): string {
  const members = Object.entries(parseObject(request.body) ?? {}).reverse();
  return `x-api-key: ${key} ${JSON.stringify(Object.fromEntries(members))} ${request.path}`;
}

function keyOf(request: IncomingMessage): string | undefined {
  const key = request.headers['x-api-key'];
  return typeof key === 'string' ? key : undefined;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new Error('body too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
