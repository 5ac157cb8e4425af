import { Agent, request, type Dispatcher } from 'undici';
import type { ClusterConfig } from '../config/config.ts';
import { messageOf, ServiceError } from '../errors.ts';
import { boundSignal, untilAborted } from '../until-aborted.ts';
import { createCredentials, type Credentials, type Identity } from './credentials.ts';
import { errorOfStatus } from './errors.ts';
import { loadKubeConfig } from './load-kube-config.ts';
import { createTlsSource, type TlsMaterial, type TlsSource } from './tls-material.ts';

/**
 * One API server. The library supplies what is hard (kubeconfig files, in-cluster tokens, exec and OIDC credentials); the
 * requests are our own, because its generated classes drop members they do not know and open an agent per call
 * (docs/decisions/0006).
 */
export interface Connection {
  send(call: ApiCall, signal: AbortSignal): Promise<Dispatcher.ResponseData>;
  /** The answer's JSON, bounded by the configured request timeout. */
  json(call: ApiCall, signal: AbortSignal): Promise<unknown>;
  /** The same for those who need not know more than that it was done: the answer is not parsed. */
  submit(call: ApiCall, signal: AbortSignal): Promise<void>;
  /** The same connection; `beforeWrite` runs right before each request but a GET, and stops it by throwing. */
  guarded(beforeWrite: () => void): Connection;
  close(): Promise<void>;
}

export interface ApiCall {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: Record<string, string | undefined>;
  body?: unknown;
  contentType?: string;
}

/** Where the API server is and who asks; shared by all connections to it, so that a program that gives credentials runs once. */
export interface ClusterAccess {
  server: string;
  credentials: Credentials;
  tls: TlsSource;
}

/** Throws ServiceError `invalid-config` when no usable kubeconfig, certificate or key is found. */
export async function openAccess(config: ClusterConfig): Promise<ClusterAccess> {
  const { kubeConfig, server, userFile, tokenFile } = loadKubeConfig(config);
  const credentials = createCredentials({ kubeConfig, tokenFile, kubeconfig: userFile });
  const tls = createTlsSource(kubeConfig);
  await tls.current(undefined);
  return { server, credentials, tls };
}

export interface ConnectOptions extends Pick<Agent.Options, 'allowH2'> {
  /** Default: one of its own, which ends with the connection. */
  access?: ClusterAccess;
}

/**
 * Throws as `openAccess`. Without HTTP/2 (`allowH2: false`) a request that is given up takes its connection with it, so that the next
 * one does not wait on a dead one.
 */
export async function connect(
  config: ClusterConfig,
  { access: shared, ...options }: ConnectOptions = {},
): Promise<Connection> {
  const access = shared ?? (await openAccess(config));
  const agents = new Agents(access.tls, options);
  async function close(): Promise<void> {
    if (shared === undefined) access.credentials.close();
    await agents.destroy();
  }
  return openConnection({ access, agents, timeoutMillis: config.requestTimeoutMillis, close });
}

interface ConnectionParts extends Pick<Connection, 'close'> {
  access: ClusterAccess;
  agents: Agents;
  timeoutMillis: number;
  beforeWrite?: () => void;
}

function openConnection(parts: ConnectionParts): Connection {
  const { server, credentials } = parts.access;
  const connection: Connection = {
    async send(call, signal) {
      const { identity, agent } = await identify({ credentials, agents: parts.agents, call }, signal);
      if (call.method !== 'GET') parts.beforeWrite?.();
      const response = await sendOnce(
        { url: urlOf(server, call), headers: identity.headers, call, agent },
        signal,
      );
      if (response.statusCode < 300) return response;
      if (response.statusCode === 401) credentials.refused(identity);
      const text = await response.body.text().catch(() => '');
      throw errorOfStatus(response.statusCode, text, call);
    },
    async json(call, signal) {
      using bounded = boundSignal(signal, parts.timeoutMillis);
      const response = await connection.send(call, bounded.signal);
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
    async submit(call, signal) {
      using bounded = boundSignal(signal, parts.timeoutMillis);
      const response = await connection.send(call, bounded.signal);
      // What has a status is done, whatever becomes of the rest; read to its end, it leaves a connection that can be used again.
      await response.body.dump();
    },
    guarded: (beforeWrite) => openConnection({ ...parts, beforeWrite }),
    close: parts.close,
  };
  return connection;
}

interface Identifying {
  credentials: Credentials;
  agents: Agents;
  call: ApiCall;
}

/** A request does not wait longer for its credentials than for its answer; what it waited for serves the next one. */
async function identify(
  { credentials, agents, call }: Identifying,
  signal: AbortSignal,
): Promise<{ identity: Identity; agent: Agent }> {
  async function prepare(): Promise<{ identity: Identity; agent: Agent }> {
    const identity = await credentials.current();
    return { identity, agent: await agents.current(identity) };
  }
  try {
    return await untilAborted(prepare(), signal);
  } catch (cause) {
    if (cause instanceof ServiceError) throw cause;
    throw new ServiceError(
      'cluster-unavailable',
      `No credentials for ${call.method} ${call.path} in time: ${messageOf(cause)}`,
      { cause },
    );
  }
}

/** One agent for all calls; another one when the authority or the certificate has changed, while what runs on the old one ends there. */
class Agents {
  readonly #tls: TlsSource;
  readonly #options: Pick<Agent.Options, 'allowH2'>;
  readonly #all = new Set<Agent>();
  #latest: { material: TlsMaterial; agent: Agent } | undefined;

  constructor(tls: TlsSource, options: Pick<Agent.Options, 'allowH2'>) {
    this.#tls = tls;
    this.#options = options;
  }

  async current({ certificate }: Identity): Promise<Agent> {
    const material = await this.#tls.current(certificate);
    if (this.#latest?.material === material) return this.#latest.agent;
    if (this.#latest !== undefined) this.#retire(this.#latest.agent);
    const agent = createAgent(material, this.#options);
    this.#all.add(agent);
    this.#latest = { material, agent };
    return agent;
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.#all].map((agent) => agent.destroy()));
  }

  /** Watches end after some minutes by themselves. */
  #retire(agent: Agent): void {
    agent.close().then(
      () => this.#all.delete(agent),
      () => this.#all.delete(agent),
    );
  }
}

function createAgent(material: TlsMaterial, options: Pick<Agent.Options, 'allowH2'>): Agent {
  return new Agent({
    ...options,
    connect: { timeout: 10_000, ...material },
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
