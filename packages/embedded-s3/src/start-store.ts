import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { createSessions } from './access/sessions.ts';
import { handleRequest } from './handle-request.ts';
import { parseRequest, type StoreRequest } from './http/request.ts';
import { sendAnswer, sendError } from './http/respond.ts';
import type { StoreState } from './operations/call.ts';
import { createSigningKeys } from './signature/signature.ts';

export interface StoreOptions {
  /** The store keeps its content in a folder of its own below this one, and removes it at its end. */
  readonly directory: string;
  /** 0 (the default) selects a free port. */
  readonly port?: number;
  readonly host?: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region?: string;
  /** The clock in milliseconds since 1970. */
  readonly now?: () => number;
}

export interface RunningStore {
  readonly url: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  /** Ends all connections and removes the content. */
  stop(): Promise<void>;
}

const idle = 120_000;
const longestHeaders = 16 * 1024;
const wholeRequest = 3600_000;

/** Starts an S3-compatible store for development and tests. Its content is removed when it stops. */
export async function startStore(options: StoreOptions): Promise<RunningStore> {
  const { accessKeyId, secretAccessKey, host = '127.0.0.1', region = 'us-east-1', now = Date.now } = options;
  await mkdir(options.directory, { recursive: true });
  const directory = await mkdtemp(path.join(options.directory, 'content-'));
  const sessions = createSessions(now);
  const keyring = { accessKeyId, secretAccessKey, region, sessions, signingKeys: createSigningKeys(), now };
  const server = createHttpServer({ catalog: new Map(), directory, keyring });
  try {
    server.listen(options.port ?? 0, host);
    await once(server, 'listening');
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    accessKeyId,
    secretAccessKey,
    region,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function createHttpServer(state: StoreState): Server {
  const limits = {
    maxHeaderSize: longestHeaders,
    headersTimeout: 30_000,
    requestTimeout: wholeRequest,
    keepAliveTimeout: idle,
    noDelay: true,
  };
  const server = createServer(limits);
  for (const event of ['request', 'checkContinue'])
    server.on(
      event,
      (message: IncomingMessage, response: ServerResponse) => void serve(state, message, response),
    );
  // Closes idle connections and removes unfinished uploads on them.
  server.setTimeout(idle);
  return server;
}

async function serve(state: StoreState, message: IncomingMessage, response: ServerResponse): Promise<void> {
  let request: StoreRequest | undefined;
  response.on('error', () => undefined);
  try {
    request = parseRequest(message, () => {
      if (message.headers.expect !== undefined) response.writeContinue();
    });
    response.setHeader('x-amz-request-id', request.id);
    await sendAnswer(response, await handleRequest(request, state));
  } catch (error) {
    if (response.headersSent || response.destroyed) message.destroy();
    else sendError(response, error, request);
  }
}
