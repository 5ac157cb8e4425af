import type { ConnectorConfig } from '../config/config.ts';
import { ServiceError } from '../errors.ts';
import type { HttpContext, Operation, Route } from '../http/route.ts';
import { answerRequest, type ProvisionAnswer, type ReceivedRequest } from './answer-request.ts';
import { authenticateConnector } from './authenticate-connector.ts';
import { isBelowPrefix, showAddress } from './callback-address.ts';
import type { CalledBack, Dialect, ProvisionMessage, ProvisionRequests, RouteDeps } from './dialect.ts';

type Deps = Omit<RouteDeps<ConnectorConfig>, 'readRefreshToken' | 'wasAccessToken'>;

/**
 * Routes for the provision requests of all dialects: with a token in the path, or without one if that is allowed. The connector in the path
 * decides the dialect, or else the body.
 */
export function provisionRoutes(dialects: readonly Dialect[], deps: Deps): Route[] {
  const known = dialects.flatMap(({ name, requests }) => (requests === undefined ? [] : { name, requests }));
  if (known.length === 0) return [];
  const connectors = deps.connectors.filter(isCalledBack);
  /** Checks the token first, so that a stranger cannot make this process read a body. */
  async function withToken(ctx: HttpContext): Promise<void> {
    const { connector: name = '', token = '' } = ctx.params;
    if (connectors.some((one) => one.name === name)) ctx.state.connector = name;
    const connector = authenticateConnector({ ...deps, connectors }, { name, token });
    const body = await ctx.state.readJson();
    const requests = requestsOf(known, { connector, body });
    const message = readBody(requests, ctx, body);
    await answer(ctx, deps, { connector, message, deliversRefusals: requests?.deliversRefusals });
  }
  async function unauthenticated(ctx: HttpContext): Promise<void> {
    const body = await ctx.state.readJson();
    const dialect = known.find(({ requests }) => requests.recognizes(body)) ?? known[0];
    const message = readBody(dialect?.requests, ctx, body);
    const own = connectors.filter((one) => one.dialect === dialect?.name);
    const connector = connectorOf(message, own);
    ctx.state.connector = connector.name;
    const { deliversRefusals } = dialect?.requests ?? {};
    await answer(ctx, deps, { connector, message, deliversRefusals });
  }
  const schemas = known.map(({ requests: { name, schema } }) => ({ title: name, ...schema }));
  const [only] = schemas;
  const body = {
    kind: 'json',
    name: 'ProvisionRequest',
    schema: schemas.length === 1 && only !== undefined ? only : { anyOf: schemas },
  } as const;
  const token = { access: 'token', secret: ['token'], handle: withToken, body } as const;
  const none = { access: 'unauthenticated', handle: unauthenticated, body } as const;
  const base = '/connectors/:connector/:token/provision';
  return [
    route(base, token, operation('provision', 'Request a provision or deprovision')),
    route(`${base}/:template`, token, operation('provisionTemplate', 'The same, by a template’s name')),
    route(
      '/provision',
      none,
      operation('provisionUnauthenticated', 'The same without a token, where that is allowed'),
    ),
    route(
      '/provision/:template',
      none,
      operation('provisionUnauthenticatedTemplate', 'The same without a token, by a template’s name'),
    ),
  ];
}

function isCalledBack(connector: ConnectorConfig): connector is CalledBack {
  return 'callbackPrefix' in connector;
}

type Known = readonly { name: string; requests: ProvisionRequests }[];

/** Requests of the connector's dialect. A body of another dialect gets an error that says so, instead of a list of missing members. */
function requestsOf(
  known: Known,
  { connector, body }: { connector: ConnectorConfig; body: object },
): ProvisionRequests | undefined {
  const own = known.find(({ name }) => name === connector.dialect);
  const found = known.find(({ requests }) => requests.recognizes(body));
  if (own === undefined || found === undefined || own.requests.recognizes(body)) return own?.requests;
  throw new ServiceError(
    'invalid-request',
    `body: expected a request of the dialect ${own.name}, with which "${connector.name}" is configured, received one of ${found.name}`,
    { field: 'body' },
  );
}

function readBody(requests: ProvisionRequests | undefined, ctx: HttpContext, body: object): ProvisionMessage {
  if (requests === undefined) throw new ServiceError('not-found', 'nothing is served under this path');
  const { assetId } = ctx.query;
  const template = ctx.params['template'];
  return requests.read(body, { template, assetId: Array.isArray(assetId) ? assetId[0] : assetId });
}

async function answer(
  ctx: HttpContext,
  deps: Deps,
  parts: Pick<ReceivedRequest, 'connector' | 'message' | 'deliversRefusals'>,
): Promise<void> {
  const { template } = ctx.params;
  const { connector, message } = parts;
  const received = { ...parts, template, log: ctx.state.log };
  const { id, answer, decision } = await answerRequest(deps, received, ctx.state.signal);
  const { assetId, type } = message;
  // After the answer: a decision may still be refused.
  ctx.state.logged = { flowId: id, job: id, connector: connector.name, assetId, type, decision, answer };
  ctx.body = { id, answer } satisfies ProvisionAnswer;
  // Exactly 200: for a control plane, any other 2xx refuses a deprovision.
  ctx.status = 200;
}

/** Without a name in the path, the longest prefix of the callback address identifies the connector. */
function connectorOf({ callbackAddress }: ProvisionMessage, connectors: readonly CalledBack[]): CalledBack {
  const fitting = connectors.filter(({ callbackPrefix }) => isBelowPrefix(callbackAddress, callbackPrefix));
  const [connector] = fitting.sort((a, b) => b.callbackPrefix.length - a.callbackPrefix.length);
  if (connector !== undefined) return connector;
  throw new ServiceError(
    'invalid-request',
    `callbackAddress: expected one below the callbackPrefix of a configured connector, received ${showAddress(callbackAddress)}`,
    { field: 'callbackAddress' },
  );
}

function route(
  path: string,
  access: Pick<Route, 'access' | 'secret' | 'handle' | 'body'>,
  operation: Operation,
): Route {
  return { method: 'POST', path, ...access, deadline: 'bounded', holdsErrors: true, operation };
}

function operation(operationId: string, summary: string): Operation {
  return {
    operationId,
    tag: 'connectors',
    summary,
    description: 'A repeat gets the same answer. The outcome is delivered to the callbackAddress later.',
    parameters: {
      connector: 'Name of a configured connector',
      token: 'One of its tokens',
      template: 'Name of a template; default: the asset’s template',
    },
    query: {
      assetId:
        'The asset, for connectors whose requests do not name it (data planes); default: the template’s name',
    },
    responses: {
      200: {
        description: 'Accepted, repeated, or deprovisioned',
        schema: { type: 'object', properties: { id: { type: 'string' }, answer: { type: 'string' } } },
      },
    },
  };
}
