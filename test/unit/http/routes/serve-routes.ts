import { createServer, request, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { createRedactor } from '../../../../src/redact-secrets.ts';
import type { HttpConfig } from '../../../../src/config/config.ts';
import { createApp } from '../../../../src/http/create-app.ts';
import { createRefusals } from '../../../../src/http/refusals.ts';
import type { Route } from '../../../../src/http/route.ts';
import { createLogger } from '../../../../src/log.ts';
import { createMetrics } from '../../../../src/metrics.ts';

export const httpConfig: HttpConfig = {
  host: '127.0.0.1',
  port: 0,
  publicUrl: 'http://people.example',
  answerDeadlineMillis: 60_000,
  drainMillis: 0,
  shutdownMillis: 0,
  busyHoldMillis: 0,
  bodyLimitBytes: 1000,
  unauthenticated: 'loopback',
};

/** Routes below all their middleware, on a free port until the test ends. */
export async function serveRoutes(
  t: TestContext,
  routes: Route[],
  http: Partial<HttpConfig> = {},
): Promise<number> {
  const log = createLogger('silent');
  const app = createApp({
    config: { ...httpConfig, ...http },
    api: { keys: [], cors: { origins: [] } },
    log,
    metrics: createMetrics({ processMetrics: false }),
    routes,
    refusals: createRefusals(() => new Date()),
    redact: createRedactor([]),
  });
  const handle = app.callback();
  const server = createServer((req, res) => void handle(req, res));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

export interface Asked {
  port: number;
  path: string;
  method?: string;
  headers?: Record<string, string>;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** The path as it stands: `fetch` would tidy it up. Rejects when the connection breaks before the end. */
export async function ask({ port, path, method = 'GET', headers = {} }: Asked): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const req = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (res) => {
    buffer(res).then((body) => {
      resolve({ status: res.statusCode ?? 0, headers: res.headers, body });
    }, reject);
  });
  req.once('error', reject);
  req.end();
  return promise;
}
