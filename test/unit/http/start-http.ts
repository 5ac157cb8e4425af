import { request, type IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import type { HttpConfig } from '../../../src/config/config.ts';
import type { ApiConfig } from '../../../src/config/settings/api.ts';
import { controlPlane } from '../../../src/dialects/control-plane/index.ts';
import type { ControlPlaneConnector } from '../../../src/dialects/control-plane/settings.ts';
import type { Dialect, RouteDeps } from '../../../src/dialects/dialect.ts';
import { provisionRoutes } from '../../../src/dialects/provision-routes.ts';
import { createHttpServer, type HttpDependencies } from '../../../src/http/create-http-server.ts';
import type { HttpServer } from '../../../src/http/http-server.ts';
import { createLogger } from '../../../src/log.ts';
import { createMetrics } from '../../../src/metrics.ts';
import type { Template } from '../../../src/template/template.ts';
import { noEnvFiles } from '../../support/no-env-files.ts';
import { aTemplate } from '../../support/template-values.ts';
import { memoryFlows } from './memory-flows.ts';

/** Deadlines that no test can reach by being slow, and no holds. */
export const patient: HttpConfig = {
  host: '127.0.0.1',
  port: 0,
  publicUrl: 'http://jobs.example.org',
  answerDeadlineMillis: 120_000,
  drainMillis: 0,
  shutdownMillis: 0,
  busyHoldMillis: 0,
  bodyLimitBytes: 10_000,
  unauthenticated: 'loopback',
};

export const noKeys: ApiConfig = { keys: [], cors: { origins: [] } };

export const token = 'token-of-the-connector';

export interface StartOptions
  extends
    Partial<Omit<HttpDependencies, 'config'>>,
    Partial<Pick<RouteDeps<ControlPlaneConnector>, 'connectors' | 'flows' | 'templates' | 'envFiles'>> {
  http?: Partial<HttpConfig>;
  api?: ApiConfig;
  dialects?: readonly Dialect[];
}

/** The real server on a free port, with two connectors (`edc` may use all templates, `narrow` only `other`), until the test ends. */
/** No answer of these dialects has an address. */
const noAddresses = {
  addressOf: () => Promise.reject(new Error('not expected')),
  earlyAddressOf: () => {
    throw new Error('not expected');
  },
  inboxOf: () => {
    throw new Error('not expected');
  },
};

export async function startHttp(
  t: TestContext,
  options: StartOptions = {},
): Promise<{ server: HttpServer; port: number }> {
  const {
    http = {},
    api = noKeys,
    dialects = [controlPlane],
    connectors = [aConnector('edc', ['*']), aConnector('narrow', ['other'])],
    flows = memoryFlows(),
    templates = [templateOf('echo', 'job-asset'), templateOf('other', 'other-asset')],
    routes = [],
    envFiles = noEnvFiles,
    ...deps
  } = options;
  const config = { http: { ...patient, ...http }, api };
  const secrets = Object.fromEntries(
    connectors.map(({ name }) => [name, { tokens: [token, 'next-token'], key: undefined }]),
  );
  const { busyHoldMillis } = config.http;
  const served = provisionRoutes(dialects, {
    ...{ connectors, secrets, flows, templates, envFiles, busyHoldMillis },
    ...noAddresses,
    now: () => new Date(),
  });
  const server = createHttpServer({
    config,
    secrets: { connectors: secrets },
    version: '1.2.3',
    components: {},
    routes: [...served, ...routes],
    log: createLogger('silent'),
    metrics: createMetrics({ processMetrics: false }),
    ...deps,
  });
  t.after(() => server.close());
  const { port } = await server.listen();
  return { server, port };
}

export function aConnector(name: string, templates: string[]): ControlPlaneConnector {
  return {
    name,
    dialect: 'control-plane',
    callbackPrefix: `http://${name}.example.org/management/callback`,
    addressNames: 'prefixed',
    managementUrl: `http://${name}.example.org/management`,
    managementVersion: 'v3',
    templates,
    resultsUrl: 'http://jobs.example.org',
  };
}

function templateOf(name: string, assetId: string): Template {
  return aTemplate({ name, directory: `/templates/${name}`, assets: [{ id: assetId, parameters: {} }] });
}

export interface Question {
  method?: string;
  headers?: Record<string, string>;
  /** Text as it is, anything else as JSON. */
  body?: unknown;
}

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** The path as it stands, on a connection of its own. Rejects when that breaks. */
export async function ask(
  port: number,
  path: string,
  { method, headers = {}, body }: Question = {},
): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const options = {
    host: '127.0.0.1',
    port,
    path,
    agent: false,
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }),
      ...headers,
    },
  };
  const req = request(options, (res) => {
    text(res).then((answer) => {
      resolve({ status: res.statusCode ?? 0, headers: res.headers, body: answer });
    }, reject);
  });
  req.on('error', reject);
  req.end(sent);
  return await promise;
}

export function problemIn(reply: Reply): {
  type: string;
  title: string;
  status: number;
  detail: string;
  field?: string;
} {
  return JSON.parse(reply.body) as ReturnType<typeof problemIn>;
}

/** As a connector from 0.11 on sends it; `type: undefined` makes an earlier one of it. */
export function provisionBody(members: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    assetId: 'job-asset',
    transferProcessId: 'tp-1',
    policy: { assignee: 'consumer' },
    callbackAddress: 'http://edc.example.org/management/callback',
    type: 'provision',
    resourceDefinitionId: 'rd-1',
    ...members,
  };
}
