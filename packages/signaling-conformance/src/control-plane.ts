import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { findFault } from './check-message.ts';
import type { Callback } from './protocol.ts';
import { parseJson, readText } from './read-text.ts';

/** What has come for an expected callback. */
export interface ExpectedCallback {
  /** The first valid body. */
  body?: Record<string, unknown>;
  /** Why the last body was answered with 400. */
  fault?: string;
}

const callbackPath = /^\/transfers\/([^/]+)\/dataflow\/(prepared|started|completed)$/;

/**
 * The control plane that a data plane calls back, and the web server of its DID document. It knows no transfer: a callback is answered
 * with 404 until a test expects it, with 400 while its body is invalid, and after the first valid one with 404 again.
 */
export class ControlPlane {
  readonly #expected = new Map<string, ExpectedCallback>();
  readonly #server: Server;
  /** Served at `/.well-known/did.json`. */
  didDocument: object = {};

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => {
      response.on('error', () => undefined);
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  /** Listens on `port`; 0 takes a free one. */
  static async start(port: number, host: string): Promise<ControlPlane> {
    const server = createServer();
    server.listen(port, host);
    await once(server, 'listening');
    return new ControlPlane(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Waits for one callback; what has come is written to the returned object. */
  expect(processId: string, callback: Callback): ExpectedCallback {
    const expected: ExpectedCallback = {};
    this.#expected.set(`${processId} ${callback}`, expected);
    return expected;
  }

  /** Expects nothing more for this transfer. */
  forget(processId: string): void {
    for (const key of this.#expected.keys()) if (key.startsWith(`${processId} `)) this.#expected.delete(key);
  }

  /** Closes the port and every connection at once. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = '/'] = (request.url ?? '/').split('?');
    const body = parseJson(await readText(request));
    if (request.method === 'GET' && path === '/.well-known/did.json') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(this.didDocument));
      return;
    }
    const { status, text } = this.#take(request.method === 'POST' ? path : '', body);
    response.writeHead(status, { 'content-type': 'text/plain' }).end(text);
  }

  #take(path: string, body: unknown): { status: number; text: string } {
    const [, processId = '', callback = ''] = callbackPath.exec(path) ?? [];
    const key = `${processId} ${callback}`;
    const expected = this.#expected.get(key);
    if (expected === undefined) return { status: 404, text: 'No handler registered on this endpoint' };
    const fault = findFault(body);
    if (fault !== undefined) {
      expected.fault = fault;
      return { status: 400, text: `Error evaluating body: ${fault}` };
    }
    expected.body = body as Record<string, unknown>;
    this.#expected.delete(key);
    return { status: 200, text: '' };
  }
}
