import type { HttpContext, Operation, Route } from '../../http/route.ts';
import { withNulls } from '../../schemas/with-nulls.ts';
import { authenticateConnector } from '../authenticate-connector.ts';
import type { RouteDeps } from '../dialect.ts';
import { answerCreation } from './answer-creation.ts';
import { answerMessage, answerStatus, type ReceivedMessage } from './answer-message.ts';
import type { ControlPlanes } from './control-planes.ts';
import { readCreation, readFlowMessage, type FlowMessage } from './read-message.ts';
import type { Received, Reply } from './reply.ts';
import {
  CreationBody,
  DataFlowStatusMessage,
  DataFlowStatusResponseMessage,
  FlowMessageBody,
} from './schemas.ts';
import type { SignalingConnector } from './settings.ts';

type Deps = RouteDeps<SignalingConnector> & Pick<ControlPlanes, 'identify'>;

const base = '/connectors/:connector/:token/dataflows';

/** The data flow API (§Data Flow API). EDC is registered with an endpoint that ends in `/dataflows`. */
export function dataFlowRoutes(deps: Deps): Route[] {
  return [
    creation(deps, 'prepare'),
    creation(deps, 'start'),
    message(deps, 'started'),
    message(deps, 'suspend'),
    message(deps, 'resume'),
    message(deps, 'terminate'),
    message(deps, 'completed'),
    status(deps),
  ];
}

/** Both tokens are checked before the body is read: that of the path, and that of the header where the control plane has to send one. */
async function authenticate(ctx: HttpContext, deps: Deps): Promise<Pick<Received, 'connector' | 'caller'>> {
  const { connector: name = '', token = '' } = ctx.params;
  if (deps.connectors.some((one) => one.name === name)) ctx.state.connector = name;
  const connector = authenticateConnector(deps, { name, token });
  const caller = await deps.identify({ connector, header: ctx.get('authorization') }, ctx.state.signal);
  return { connector, caller };
}

function creation(deps: Deps, message: 'prepare' | 'start'): Route {
  async function handle(ctx: HttpContext): Promise<void> {
    const from = await authenticate(ctx, deps);
    const creation = readCreation(message, await ctx.state.readJson());
    const reply = await answerCreation(deps, { ...from, message, creation }, ctx.state.signal);
    if (reply.status === 202) ctx.set('Location', statusPath(ctx.path, reply.processId));
    send(ctx, message, reply);
  }
  return {
    ...route(`${base}/${message}`, operations[message]),
    ...repeated,
    body: { kind: 'json', name: 'DataFlowMessage', schema: withNulls(CreationBody) },
    handle,
  };
}

/** `…/dataflows/start` → `…/dataflows/<id>/status`. */
function statusPath(path: string, processId: string): string {
  return path.replace(/[^/]+$/, `${encodeURIComponent(processId)}/status`);
}

/** EDC ends a transfer after any answer but a 2xx, and repeats a message whose connection was lost. */
const repeated = { closesWhenUnavailable: true } as const;

const notification = {
  kind: 'json',
  name: 'DataFlowNotification',
  schema: withNulls(FlowMessageBody),
} as const;

function message(deps: Deps, message: ReceivedMessage['message']): Route {
  async function handle(ctx: HttpContext): Promise<void> {
    const from = await authenticate(ctx, deps);
    const content = message === 'completed' ? {} : await readContent(ctx, message);
    const received = { ...from, message, content, processId: processIdOf(ctx) };
    send(ctx, message, await answerMessage(deps, received, ctx.state.signal));
  }
  return {
    ...route(`${base}/:id/${message}`, operations[message]),
    ...repeated,
    // That of `completed` says nothing, and may be absent.
    ...(message === 'completed'
      ? {}
      : { body: message === 'started' ? { ...notification, optional: true } : notification }),
    handle,
  };
}

/** `started` says nothing if there is no address: it may come without a body. */
async function readContent(ctx: HttpContext, message: ReceivedMessage['message']): Promise<FlowMessage> {
  const { 'content-length': length = '0', 'transfer-encoding': chunked } = ctx.req.headers;
  const isEmpty = length === '0' && chunked === undefined;
  return readFlowMessage(message === 'started' && isEmpty ? undefined : await ctx.state.readJson());
}

function status(deps: Deps): Route {
  async function handle(ctx: HttpContext): Promise<void> {
    const from = await authenticate(ctx, deps);
    const received = { ...from, processId: processIdOf(ctx) };
    send(ctx, 'status', await answerStatus(deps, received, ctx.state.signal));
  }
  return { ...route(`${base}/:id/status`, operations.status), method: 'GET', handle };
}

function processIdOf({ params }: HttpContext): string {
  return params['id'] ?? '';
}

function send(ctx: HttpContext, message: string, { status, body, flow, decision }: Reply): void {
  ctx.state.logged = { flowId: flow, job: flow, message, decision };
  ctx.status = status;
  ctx.body = body ?? '';
}

function route(path: string, operation: Operation): Omit<Route, 'handle'> {
  return { method: 'POST', path, access: 'token', secret: ['token'], deadline: 'bounded', operation };
}

const parameters = { connector: 'Name of a configured connector', token: 'One of its tokens' };
const ofFlow = { ...parameters, id: 'The processId of the data flow' };
const withMessage = {
  description: 'The state, and the data address if this side has one',
  schema: DataFlowStatusMessage,
};
const done = { 200: { description: 'Done, or done before' } };

function operate(
  operationId: string,
  summary: string,
  members: Pick<Operation, 'parameters' | 'responses'>,
): Operation {
  return { operationId, tag: 'connectors', summary, ...members };
}

const operations = {
  prepare: operate('prepareDataFlow', 'Prepare the consumer’s side of a transfer', {
    parameters,
    responses: { 200: withMessage, 202: withMessage },
  }),
  start: operate('startDataFlow', 'Start the provider’s side of a transfer', {
    parameters,
    responses: { 200: withMessage, 202: withMessage },
  }),
  started: operate('dataFlowStarted', 'The provider has started', { parameters: ofFlow, responses: done }),
  suspend: operate('suspendDataFlow', 'Stop the bytes', { parameters: ofFlow, responses: done }),
  resume: operate('resumeDataFlow', 'Let the bytes flow again', {
    parameters: ofFlow,
    responses: { 200: withMessage },
  }),
  terminate: operate('terminateDataFlow', 'End the transfer and delete its results', {
    parameters: ofFlow,
    responses: done,
  }),
  completed: operate('dataFlowCompleted', 'The other side has all bytes', {
    parameters: ofFlow,
    responses: done,
  }),
  status: operate('getDataFlowStatus', 'The state of a data flow', {
    parameters: ofFlow,
    responses: { 200: { description: 'The state', schema: DataFlowStatusResponseMessage } },
  }),
};
