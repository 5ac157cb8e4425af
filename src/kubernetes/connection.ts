import type { KubeConfig } from '@kubernetes/client-node';
import { Agent, request, type Dispatcher } from 'undici';
import type { ClusterConfig } from '../config/config.ts';
import { messageOf, ServiceError } from '../errors.ts';
import { createCredentials } from './credentials.ts';
import { errorOfStatus } from './errors.ts';
import { loadKubeConfig } from './load-kube-config.ts';

/**
 * One API server. The library supplies what is hard (kubeconfig files, in-cluster tokens, exec and OIDC credentials); the
 * requests are our own, because its generated classes drop members they do not know and open an agent per call
 * (docs/decisions/0006).
 */
export interface Connection {
  send(call: ApiCall, signal: AbortSignal): Promise<Dispatcher.ResponseData>;
  /** The answer's JSON, bounded by the configured request timeout. */
  json(call: ApiCall, signal: AbortSignal): Promise<unknown>;
  close(): Promise<void>;
}

export interface ApiCall {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: Record<string, string | undefined>;
  body?: unknown;
  contentType?: string;
}

/**
 * Throws ServiceError `invalid-config` when no usable credentials are found. Without HTTP/2 (`allowH2: false`) a request that is
 * given up takes its connection with it, so that the next one does not wait on a dead one.
 */
export async function connect(
  config: ClusterConfig,
  options: Pick<Agent.Options, 'allowH2'> = {},
): Promise<Connection> {
  const { kubeConfig, server, tokenFile } = loadKubeConfig(config);
  const credentials = createCredentials(kubeConfig, tokenFile);
  const agent = await createAgent(kubeConfig, options);
  const connection: Connection = {
    async send(call, signal) {
      const headers = await credentials.headers();
      const response = await sendOnce({ url: urlOf(server, call), headers, call, agent }, signal);
      if (response.statusCode < 300) return response;
      if (response.statusCode === 401) credentials.refused(headers);
      const text = await response.body.text().catch(() => '');
      throw errorOfStatus(response.statusCode, text, call);
    },
    async json(call, signal) {
      const bounded = AbortSignal.any([signal, AbortSignal.timeout(config.requestTimeoutMillis)]);
      const response = await connection.send(call, bounded);
      try {
        return await response.body.json();
      } catch (cause) {
        throw new ServiceError(
          'cluster-unavailable',
          `The API server's answer ended early: ${messageOf(cause)}`,
          { cause },
        );
      }
    },
    close: () => agent.destroy(),
  };
  return connection;
}

/** One agent for all calls; certificates are read once. */
async function createAgent(kubeConfig: KubeConfig, options: Pick<Agent.Options, 'allowH2'>): Promise<Agent> {
  const tls: {
    ca?: string | Buffer;
    cert?: string | Buffer;
    key?: string | Buffer;
    rejectUnauthorized?: boolean;
    servername?: string;
  } = {};
  await kubeConfig.applyToHTTPSOptions(tls as Parameters<KubeConfig['applyToHTTPSOptions']>[0]);
  const { ca, cert, key, rejectUnauthorized, servername } = tls;
  const given = Object.entries({ ca, cert, key, rejectUnauthorized, servername }).filter(
    ([, value]) => value !== undefined,
  );
  return new Agent({
    ...options,
    connect: { timeout: 10_000, ...Object.fromEntries(given) },
    headersTimeout: 30_000,
    // A watch is quiet between bookmarks: its own watchdog ends it, not the socket.
    bodyTimeout: 0,
    keepAliveTimeout: 10_000,
  });
}

function urlOf(server: string, call: ApiCall): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(call.query ?? {}))
    if (value !== undefined) query.set(name, value);
  return query.size === 0 ? server + call.path : `${server}${call.path}?${query.toString()}`;
}

interface OneRequest {
  url: string;
  headers: Record<string, string>;
  call: ApiCall;
  agent: Agent;
}

async function sendOnce(
  { url, headers, call, agent }: OneRequest,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const body = call.body === undefined ? null : JSON.stringify(call.body);
  const type = body === null ? {} : { 'content-type': call.contentType ?? 'application/json' };
  try {
    return await request(url, {
      method: call.method,
      dispatcher: agent,
      headers: { ...headers, accept: 'application/json', ...type },
      body,
      signal,
    });
  } catch (cause) {
    throw new ServiceError(
      'cluster-unavailable',
      `The API server did not answer ${call.method} ${call.path}: ${messageOf(cause)}`,
      { cause },
    );
  }
}
