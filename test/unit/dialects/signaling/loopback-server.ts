import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { Agent } from 'undici';

export interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface LoopbackServer {
  url: string;
  requests: Received[];
  /** Resolves with each request that no earlier call has had. */
  next(): Promise<Received>;
  /** Nothing listens afterwards. */
  close(): Promise<void>;
}

/** A server that records the requests and answers as the test wants, until the test ends. */
export async function startLoopback(
  t: TestContext,
  answer: (res: ServerResponse, received: Received) => unknown,
): Promise<LoopbackServer> {
  const requests: Received[] = [];
  let taken = 0;
  let arrived = Promise.withResolvers<undefined>();
  const server = createServer((req, res) => {
    text(req).then(
      (body) => {
        const received = { method: req.method ?? '', path: req.url ?? '', headers: req.headers, body };
        requests.push(received);
        arrived.resolve(undefined);
        arrived = Promise.withResolvers();
        return answer(res, received);
      },
      () => undefined,
    );
  });
  async function close(): Promise<void> {
    if (!server.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }
  t.after(close);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close,
    async next() {
      while (requests.length <= taken) await arrived.promise;
      taken += 1;
      return requests[taken - 1] as Received;
    },
  };
}

export function sendJson(res: ServerResponse, body: unknown, status = 200): unknown {
  return res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

export function newAgent(t: TestContext): Agent {
  const agent = new Agent();
  t.after(() => agent.destroy());
  return agent;
}

/** Clocks that stand still until a test moves them: that of the wall, and one that never goes back. */
export interface Clocks {
  wall: number;
  monotonic: number;
  pass(millis: number): void;
}

export function stoppedClocks(): Clocks {
  return {
    wall: Date.parse('2026-01-01T00:00:00Z'),
    monotonic: 0,
    pass(millis) {
      this.wall += millis;
      this.monotonic += millis;
    },
  };
}
