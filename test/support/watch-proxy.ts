import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';

/**
 * Stands before an API server and holds its watches: what comes on them from then on is dropped, and their client does not notice
 * that the server has gone, until they are let go; then they end in order, as at their time limit.
 */
export class WatchProxy implements AsyncDisposable {
  readonly #target: { server: string; ca: string | undefined };
  readonly #watches = new Set<ServerResponse>();
  readonly #server = createServer((request, response) => {
    this.#pass(request, response);
  });
  #held = false;
  /** The resource of each watch that was answered with 410. */
  readonly expired: string[] = [];

  constructor(target: { server: string; ca: string | undefined }) {
    this.#target = target;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get watches(): number {
    return this.#watches.size;
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  hold(): void {
    this.#held = true;
  }

  letGo(): void {
    this.#held = false;
    for (const watch of this.#watches) watch.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #pass(request: IncomingMessage, response: ServerResponse): void {
    const { server, ca } = this.#target;
    const url = new URL(request.url ?? '/', server);
    const headers = { ...request.headers, host: url.host };
    const outgoing = httpsRequest(url, { method: request.method, headers, ca, agent: false });
    for (const emitter of [request, response, outgoing]) emitter.on('error', () => undefined);
    outgoing.on('error', () => response.destroy());
    outgoing.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      if (url.searchParams.has('watch')) this.#follow(answer, response, url.pathname.split('/').at(-1) ?? '');
      else answer.on('error', () => response.destroy()).pipe(response);
    });
    response.on('close', () => outgoing.destroy());
    request.pipe(outgoing);
  }

  #follow(answer: IncomingMessage, response: ServerResponse, resource: string): void {
    response.flushHeaders();
    this.#watches.add(response);
    response.on('close', () => this.#watches.delete(response));
    answer.on('error', () => undefined);
    const lines = createInterface({ input: answer }).on('error', () => undefined);
    lines.on('line', (line) => {
      if (this.#held) return;
      if (isExpired(line)) this.expired.push(resource);
      response.write(`${line}\n`);
    });
    lines.on('close', () => {
      if (!this.#held) response.end();
    });
  }
}

function isExpired(line: string): boolean {
  const { type, object } = JSON.parse(line) as { type: string; object: { code?: number } };
  return type === 'ERROR' && object.code === 410;
}
