import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';

import { type ApiServer, type ApiServerOptions, startApiServer } from '../../src/api/server.ts';
import type { PodLogs } from '../../src/objects/pod-logs.ts';
import type { ClusterRegistry } from '../../src/registry/types.ts';
import { aRegistry } from '../registry/sample-objects.ts';

export interface Call {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface Reply {
  code: number;
  headers: IncomingMessage['headers'];
  text: string;
  body: Record<string, unknown>;
}

export interface TestApi extends ApiServer {
  registry: ClusterRegistry;
  call(path: string, call?: Call): Promise<Reply>;
  /** Opens a watch; its lines come one by one. */
  watch(path: string): Promise<Watcher>;
}

export interface Watcher {
  next(): Promise<WatchLine>;
  /** Resolves when the server has ended the watch. */
  ended(): Promise<boolean>;
}

export interface WatchLine {
  type: string;
  object: { kind: string; code?: number; metadata: { name: string; resourceVersion: string } };
}

const jobPath = '/apis/batch/v1/namespaces/default/jobs';
export const paths = {
  jobs: jobPath,
  configMaps: '/api/v1/namespaces/default/configmaps',
  pods: '/api/v1/namespaces/default/pods',
};

/** No container has ever written anything. */
const silent: PodLogs = { read: () => Promise.resolve(Readable.from([])) };

/** An API server of its own for a test, gone when the test is over. */
export async function startTestApi(
  t: TestContext,
  options: Partial<ApiServerOptions> = {},
): Promise<TestApi> {
  const registry = options.registry ?? aRegistry();
  const server = await startApiServer({ podLogs: silent, ...options, registry });
  const agent = new Agent({ ca: server.certificateAuthority, keepAlive: true });
  t.after(async () => {
    agent.destroy();
    await server.stop();
  });

  async function open(path: string, call: Call = {}): Promise<IncomingMessage> {
    const { method = 'GET', body, headers = {} } = call;
    const payload = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    const length = String(Buffer.byteLength(payload ?? ''));
    const type =
      payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': length };
    const outgoing = request(`${server.url}${path}`, {
      agent,
      method,
      // Node would compare the certificate with a Host header that a test forges; who the server is has its own test.
      checkServerIdentity: () => undefined,
      headers: { authorization: `Bearer ${server.token}`, ...type, ...headers },
    });
    outgoing.end(payload);
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    return incoming;
  }

  async function call(path: string, options?: Call): Promise<Reply> {
    return await replyOf(await open(path, options));
  }
  return {
    ...server,
    registry,
    call,
    watch: async (path) => watcherOf(await open(path)),
  };
}

async function replyOf(incoming: IncomingMessage): Promise<Reply> {
  const answer = await text(incoming);
  const isJson = incoming.headers['content-type'] === 'application/json';
  const body = (isJson ? JSON.parse(answer) : {}) as Record<string, unknown>;
  return { code: incoming.statusCode ?? 0, headers: incoming.headers, text: answer, body };
}

function watcherOf(incoming: IncomingMessage): Watcher {
  const lines = createInterface(incoming)[Symbol.asyncIterator]();
  return {
    async next() {
      const line = await lines.next();
      if (line.done === true) throw new Error('the watch has ended');
      return JSON.parse(line.value) as WatchLine;
    },
    async ended() {
      return (await lines.next()).done === true;
    },
  };
}
