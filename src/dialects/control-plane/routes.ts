import { ServiceError } from '../../errors.ts';
import type { HttpContext, Operation, Route } from '../../http/route.ts';
import { authenticateConnector } from '../authenticate-connector.ts';
import { isBelowPrefix, showAddress } from '../callback-address.ts';
import type { RouteDeps } from '../dialect.ts';
import { answerRequest, type ProvisionAnswer, type ReceivedRequest } from './answer-request.ts';
import { readProvisionRequest, type ProvisionMessage } from './read-request.ts';
import { ProvisionRequestBody } from './schemas.ts';
import type { ControlPlaneConnector } from './settings.ts';

/** Where connectors send their requests: with a token in the path, or without one where that is allowed. */
export function provisionRoutes(deps: RouteDeps<ControlPlaneConnector>): Route[] {
  /** The token before the body: a stranger does not make this process read. */
  async function withToken(ctx: HttpContext): Promise<void> {
    const { connector: name = '', token = '' } = ctx.params;
    if (deps.connectors.some((one) => one.name === name)) ctx.state.connector = name;
    const connector = authenticateConnector(deps, { name, token });
    const message = readProvisionRequest(await ctx.state.readJson());
    await answer(ctx, deps, { connector, message });
  }
  async function unauthenticated(ctx: HttpContext): Promise<void> {
    const message = readProvisionRequest(await ctx.state.readJson());
    const connector = connectorOf(message, deps.connectors);
    ctx.state.connector = connector.name;
    await answer(ctx, deps, { connector, message });
  }
  const token = { access: 'token', secret: ['token'], handle: withToken } as const;
  const none = { access: 'unauthenticated', handle: unauthenticated } as const;
  const base = '/connectors/:connector/:token/provision';
  return [
    route(base, token, operation('provision', 'A connector asks for provisioning or deprovisioning')),
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

async function answer(
  ctx: HttpContext,
  deps: RouteDeps<ControlPlaneConnector>,
  { connector, message }: Pick<ReceivedRequest, 'connector' | 'message'>,
): Promise<void> {
  const { template } = ctx.params;
  const received = { connector, message, template, log: ctx.state.log };
  const { id, answer, decision } = await answerRequest(deps, received, ctx.state.signal);
  const { assetId, type } = message;
  // Only now: what was decided may still be refused.
  ctx.state.logged = { flowId: id, job: id, connector: connector.name, assetId, type, decision, answer };
  ctx.body = { id, answer } satisfies ProvisionAnswer;
  // Exactly 200: a deprovision is taken for refused with any other 2xx.
  ctx.status = 200;
}

/** Without a name in the path, the callback address says who asks: the longest prefix that fits. */
function connectorOf(
  { callbackAddress }: ProvisionMessage,
  connectors: readonly ControlPlaneConnector[],
): ControlPlaneConnector {
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
  access: Pick<Route, 'access' | 'secret' | 'handle'>,
  operation: Operation,
): Route {
  const body = { kind: 'json', name: 'ProvisionRequest', schema: ProvisionRequestBody } as const;
  return { method: 'POST', path, ...access, deadline: 'bounded', body, holdsErrors: true, operation };
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
    responses: {
      200: {
        description: 'Accepted, repeated, or deprovisioned',
        schema: { type: 'object', properties: { id: { type: 'string' }, answer: { type: 'string' } } },
      },
    },
  };
}
