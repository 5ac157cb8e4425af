import { request, type Agent, type Dispatcher } from 'undici';
import type { ClusterConfig } from '../config/config.ts';
import { ServiceError } from '../errors.ts';
import { boundSignal, untilAborted } from '../until-aborted.ts';
import { createCredentials, type Credentials, type Identity } from './credentials.ts';
import { errorOfStatus, unavailable } from './errors.ts';
import { ListReader } from './list-reader.ts';
import { loadKubeConfig } from './load-kube-config.ts';
import { createTlsSource, type TlsMaterial, type TlsSource } from './tls-material.ts';
import { createAgent } from '../http-agent.ts';

/**
 * One API server. The library supplies the types, the entries of kubeconfig files and OIDC credentials. The requests are our own, because
 * its generated classes drop members they do not know and open an agent per call (docs/decisions/0006).
 */
export interface Connection {
  send(call: ApiCall, signal: AbortSignal): Promise<Dispatcher.ResponseData>;
  /** Returns the answer's JSON; bounded by the configured request timeout. */
  json(call: ApiCall, signal: AbortSignal): Promise<unknown>;
  /** The same for a list; its items are passed on while it arrives, and left out of what is returned. */
  list(call: ApiCall, take: (item: unknown) => void, signal: AbortSignal): Promise<unknown>;
  /** The same without parsing the answer, if its status is enough. */
  submit(call: ApiCall, signal: AbortSignal): Promise<void>;
  /** The same connection; `beforeWrite` runs right before each request except GET, and stops it by throwing. */
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

/** The API server's address and who calls it; its connections share it, so that a program that prints credentials runs once. */
export interface ClusterAccess {
  server: string;
  credentials: Credentials;
  tls: TlsSource;
}

/** Throws ServiceError `invalid-config` when no usable kubeconfig, certificate or key is found. */
export async function openAccess(config: ClusterConfig): Promise<ClusterAccess> {
  const access = loadKubeConfig(config);
  const credentials = createCredentials(access);
  const tls = createTlsSource(access);
  await tls.current(undefined);
  return { server: access.cluster.server, credentials, tls };
}

type AgentOptions = Pick<Agent.Options, 'connections' | 'headersTimeout'>;

export interface ConnectOptions extends AgentOptions {
  /** Default: its own, which ends with the connection. */
  access?: ClusterAccess;
}

/** A pool of connections. Throws as `openAccess`. */
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
      const sent = { url: urlOf(server, call), headers: identity.headers, call, agent };
      const response = await sendRequest(sent, signal);
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
        throw unavailable("The API server's answer ended early", cause);
      }
    },
    async list(call, take, signal) {
      using bounded = boundSignal(signal, parts.timeoutMillis);
      const response = await connection.send(call, bounded.signal);
      const reader = new ListReader(take);
      try {
        for await (const chunk of response.body) reader.write(chunk as Buffer);
        return reader.end();
      } catch (cause) {
        throw unavailable("The API server's answer ended early", cause);
      }
    },
    async submit(call, signal) {
      using bounded = boundSignal(signal, parts.timeoutMillis);
      const response = await connection.send(call, bounded.signal);
      // The status says that it is done. Reading the body to its end leaves the connection usable.
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

/** A request waits for its credentials no longer than for its answer; credentials that come too late serve the next request. */
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
    throw unavailable(`No credentials for ${call.method} ${call.path} in time`, cause);
  }
}

/** One agent for all calls. A changed authority or certificate gets a new one; running requests end on the old one. */
class Agents {
  readonly #tls: TlsSource;
  readonly #options: AgentOptions;
  readonly #all = new Set<Agent>();
  #latest: { material: TlsMaterial; agent: Agent } | undefined;

  constructor(tls: TlsSource, options: AgentOptions) {
    this.#tls = tls;
    this.#options = options;
  }

  async current({ certificate }: Identity): Promise<Agent> {
    const material = await this.#tls.current(certificate);
    if (this.#latest?.material === material) return this.#latest.agent;
    if (this.#latest !== undefined) this.#retire(this.#latest.agent);
    const agent = openPool(material, this.#options);
    this.#all.add(agent);
    this.#latest = { material, agent };
    return agent;
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.#all].map((agent) => agent.destroy()));
  }

  /** Closes it when its requests have ended; watches end by themselves after some minutes. */
  #retire(agent: Agent): void {
    agent.close().then(
      () => this.#all.delete(agent),
      () => this.#all.delete(agent),
    );
  }
}

/** Requests beyond these wait for a free one. More than the queue's work, answers and watches need at once. */
const connections = 128;

function openPool(material: TlsMaterial, options: AgentOptions): Agent {
  return createAgent({
    connections,
    connect: { timeout: 10_000, ...material },
    headersTimeout: 30_000,
    // A watch is silent between bookmarks: its own watchdog ends it, not the socket.
    bodyTimeout: 0,
    keepAliveTimeout: 10_000,
    ...options,
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

/** A server or a proxy closes idle connections: a read that finds its connection closed is made once more. */
async function sendRequest(sent: OneRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
  const { method, path } = sent.call;
  try {
    return await sendOnce(sent, signal).catch((error: unknown) => {
      if (method !== 'GET' || !isReset(error)) throw error;
      return sendOnce(sent, signal);
    });
  } catch (cause) {
    throw unavailable(`The API server did not answer ${method} ${path}`, cause);
  }
}

function isReset(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET';
}

async function sendOnce(
  { url, headers, call, agent }: OneRequest,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const body = call.body === undefined ? null : JSON.stringify(call.body);
  const type = body === null ? {} : { 'content-type': call.contentType ?? 'application/json' };
  return await request(url, {
    method: call.method,
    dispatcher: agent,
    headers: { ...headers, accept: 'application/json', ...type },
    body,
    signal,
  });
}
