import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';

import type { PodLogs } from '../objects/pod-logs.ts';
import type { ClusterRegistry } from '../registry/types.ts';
import { createServiceTokens } from './access/service-tokens.ts';
import { createServerCertificate } from './certificate.ts';
import type { ApiContext } from './context.ts';
import { createListSnapshots } from './list-snapshots.ts';
import { serveRequest } from './serve-request.ts';
import { recordHistory } from './watch-history.ts';

export interface ApiServerOptions {
  registry: ClusterRegistry;
  podLogs: PodLogs;
  now?: () => Date;
  /** A free port unless named. */
  port?: number;
  /** How many changes a watch may be behind before it gets 410. */
  historyLength?: number;
  bookmarkIntervalMs?: number;
}

export interface ApiServer {
  url: string;
  token: string;
  /** PEM of the certificate, which is its own authority. */
  certificateAuthority: string;
  /** Ends every connection. */
  stop(): Promise<void>;
  /** After `stop`: again at the same address, for the same token, with the same certificate; older watches get 410. */
  start(): Promise<void>;
}

/** Starts the API on 127.0.0.1 over TLS: kubectl sends a token to nothing else. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const identity = createIdentity((options.now ?? (() => new Date()))());
  let life = await beginLife(options, identity);
  const { address, port } = life;
  return {
    url: `https://${address}`,
    token: identity.token,
    certificateAuthority: identity.certificate,
    stop: () => life.end(),
    async start() {
      life = await beginLife({ ...options, port }, identity);
    },
  };
}

/** What stays through a stop and a start. The signing key is for the tokens of service accounts. */
function createIdentity(now: Date) {
  const token = randomBytes(32).toString('base64url');
  return { ...createServerCertificate(now), token, signingKey: randomBytes(32) };
}

async function beginLife(options: ApiServerOptions, identity: ReturnType<typeof createIdentity>) {
  const { key, certificate, token, signingKey } = identity;
  const { registry, now = () => new Date() } = options;
  const stopping = new AbortController();
  const context: ApiContext = {
    registry,
    history: recordHistory(registry, options.historyLength ?? 10_000),
    snapshots: createListSnapshots(),
    podLogs: options.podLogs,
    tokens: createServiceTokens({ registry, key: signingKey, now }),
    now,
    bookmarkIntervalMs: options.bookmarkIntervalMs ?? 60_000,
  };
  const server = createServer({ key, cert: certificate, requestTimeout: 60_000, keepAliveTimeout: 90_000 });
  const port = await listen(server, options.port ?? 0);
  const address = `127.0.0.1:${port}`;
  server.on('request', (message, response) => {
    void serveRequest({ message, response, stopping: stopping.signal }, { context, token, address });
  });
  return {
    address,
    port,
    async end() {
      context.history.close();
      stopping.abort();
      await close(server);
    },
  };
}

/** Streams end by the signal and leave idle connections behind; what has not ended after two seconds is cut. */
async function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  server.close(resolve);
  const sweep = setInterval(() => {
    server.closeIdleConnections();
  }, 20);
  const force = setTimeout(() => {
    server.closeAllConnections();
  }, 2000);
  await promise;
  clearInterval(sweep);
  clearTimeout(force);
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
