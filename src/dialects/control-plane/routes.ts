import type { Config, ConnectorConfig, Secrets } from '../../config/config.ts';
import { isBelowPrefix, showAddress } from '../callback-address.ts';
import { readProvisionRequest, type ProvisionMessage } from './read-request.ts';
import { ServiceError } from '../../errors.ts';
import { answerProvision, type ProvisionAnswer, type ProvisionDependencies } from './answer-request.ts';
import { authenticateConnector } from '../authenticate-connector.ts';
import { unauthenticatedAllowed } from '../../http/unauthenticated-access.ts';
import type { HttpContext, Operation, Route } from '../../http/route.ts';

export interface ProvisionRoutesDependencies extends ProvisionDependencies {
  config: Pick<Config, 'http' | 'connectors'>;
  secrets: Pick<Secrets, 'connectors'>;
}

/** Where connectors send their requests: with a token in the path, or without one where that is allowed. */
export function provisionRoutes(deps: ProvisionRoutesDependencies): Route[] {
  const known = { connectors: deps.config.connectors, secrets: deps.secrets.connectors };
  /** The token before the body: a stranger does not make this process read. */
  async function withToken(ctx: HttpContext): Promise<void> {
    const { connector: name = '', token = '' } = ctx.params;
    if (known.connectors.some((one) => one.name === name)) ctx.state.asker = name;
    const connector = authenticateConnector(known, { name, token });
    await answer(ctx, connector, readProvisionRequest(await ctx.state.readJson()));
  }
  async function unauthenticated(ctx: HttpContext): Promise<void> {
    if (!unauthenticatedAllowed(ctx.req, deps.config.http.unauthenticated))
      throw new ServiceError('not-found', 'nothing is served under this path');
    const message = readProvisionRequest(await ctx.state.readJson());
    const connector = connectorOf(message, deps.config.connectors);
    ctx.state.asker = connector.name;
    await answer(ctx, connector, message);
  }
  async function answer(
    ctx: HttpContext,
    connector: ConnectorConfig,
    message: ProvisionMessage,
  ): Promise<void> {
    const { template } = ctx.params;
    const asked = { connector, message, ...(template === undefined ? {} : { template }), log: ctx.state.log };
    const { id, answer, decision } = await answerProvision(deps, asked, ctx.state.signal);
    const { assetId, type } = message;
    // Only now: what was decided may still be refused.
    ctx.state.logged = { flowId: id, job: id, connector: connector.name, assetId, type, decision, answer };
    ctx.body = { id, answer } satisfies ProvisionAnswer;
    // Exactly 200: a deprovision is taken for refused with any other 2xx.
    ctx.status = 200;
  }
  const base = '/connectors/:connector/:token/provision';
  return [
    route(base, withToken, operation('provision', 'A connector asks for provisioning or deprovisioning')),
    route(`${base}/:template`, withToken, operation('provisionTemplate', 'The same, by a template’s name')),
    route(
      '/provision',
      unauthenticated,
      operation('provisionUnauthenticated', 'The same without a token, where that is allowed'),
    ),
    route(
      '/provision/:template',
      unauthenticated,
      operation('provisionUnauthenticatedTemplate', 'The same without a token, by a template’s name'),
    ),
  ];
}

/** Without a name in the path, the callback address says who asks: the longest prefix that fits. */
function connectorOf(
  { callbackAddress }: ProvisionMessage,
  connectors: readonly ConnectorConfig[],
): ConnectorConfig {
  const fitting = connectors.filter(({ callbackPrefix }) => isBelowPrefix(callbackAddress, callbackPrefix));
  const [connector] = fitting.sort((a, b) => b.callbackPrefix.length - a.callbackPrefix.length);
  if (connector !== undefined) return connector;
  throw new ServiceError(
    'invalid-request',
    `callbackAddress: expected one below the callbackPrefix of a configured connector, received ${showAddress(callbackAddress)}`,
    {
      field: 'callbackAddress',
    },
  );
}

function route(path: string, handle: Route['handle'], operation: Operation): Route {
  return { method: 'POST', path, secret: ['token'], deadline: 'bounded', body: 'json', operation, handle };
}

function operation(operationId: string, summary: string): Operation {
  return {
    operationId,
    tag: 'connectors',
    summary,
    description:
      'Answered as the first time when it is repeated. The outcome is delivered later, at the callbackAddress.',
    parameters: {
      connector: 'Name of a configured connector',
      token: 'One of its tokens',
      template: 'Name of a template; without it the asset’s template is taken',
    },
    requestBody: { $ref: '#/components/schemas/ProvisionRequest' },
    responses: {
      200: {
        description: 'Accepted, repeated, or deprovisioned',
        schema: { type: 'object', properties: { id: { type: 'string' }, answer: { type: 'string' } } },
      },
    },
  };
}
