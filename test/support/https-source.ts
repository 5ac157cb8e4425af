import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { createServerCertificate } from 'embedded-kubernetes/certificate';

export interface HttpsSource {
  origin: string;
  /** PEM; it is its own authority. */
  certificate: string;
  /** Path and query of each request. */
  asked: string[];
  /** Those without a request too. */
  connections: number;
}

/** A server that gives the same bytes at each path, and that pods reach. */
export async function startHttpsSource(t: TestContext, content: Buffer): Promise<HttpsSource> {
  const host = process.env['TEST_HOST'] ?? '127.0.0.1';
  const { key, certificate } = createServerCertificate(new Date(), host);
  const server = createServer({ key, cert: certificate }, (request, response) => {
    source.asked.push(request.url ?? '');
    response.end(content);
  });
  server.on('connection', () => (source.connections += 1));
  server.listen(0, host);
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const origin = `https://${host}:${(server.address() as AddressInfo).port}`;
  const source: HttpsSource = { origin, certificate, asked: [], connections: 0 };
  return source;
}
