import type { ConnectorConfig, Secrets } from '../../../config/config.ts';
import { ServiceError } from '../../../errors.ts';
import type { HttpContext, Operation, Route } from '../../../http/route.ts';
import { withNulls } from '../../../schemas/with-nulls.ts';
import { authenticateConnector } from '../../authenticate-connector.ts';
import type { ControlPlane } from '../authorization/control-plane.ts';
import {
  checkRegistration,
  ControlPlaneBody,
  readRegistration,
  type RegistrationRules,
} from './control-plane-schema.ts';
import type { ControlPlaneStore } from './control-plane-store.ts';

/** The settings' part for the control planes of one connector. */
export interface ConnectorRules extends RegistrationRules {
  configured: readonly ControlPlane[];
}

export interface ControlPlaneDeps<Connector extends ConnectorConfig> {
  connectors: readonly Connector[];
  secrets: Secrets['connectors'];
  store: ControlPlaneStore;
  rulesOf(connector: Connector): ConnectorRules;
}

/**
 * The control planes of a connector. One of the settings wins over a registration with its id: the settings are the operator's, while a
 * registration needs no more than the token in the path, and must not redirect callbacks or replace keys.
 */
export async function listControlPlanes(
  store: Pick<ControlPlaneStore, 'list'>,
  { connector, configured }: { connector: string; configured: readonly ControlPlane[] },
  signal: AbortSignal,
): Promise<readonly ControlPlane[]> {
  const registered = await store.list(connector, signal);
  return [...configured, ...registered.filter(({ id }) => !isConfigured(configured, id))];
}

function isConfigured(configured: readonly ControlPlane[], id: string): boolean {
  return configured.some((one) => one.id === id);
}

/** §Control Plane Registration: both or neither. The token in the path protects them. */
export function controlPlaneRoutes<Connector extends ConnectorConfig>(
  deps: ControlPlaneDeps<Connector>,
): Route[] {
  const base = '/connectors/:connector/:token/controlplanes';
  const common = { access: 'token', secret: ['token'], deadline: 'bounded', holdsErrors: true } as const;
  return [
    {
      ...common,
      method: 'PUT',
      path: base,
      body: { kind: 'json', name: 'ControlPlaneRegistration', schema: withNulls(ControlPlaneBody) },
      operation: operation('putControlPlane', 'Register a control plane, or replace its registration', {
        200: {
          description: 'Registered',
          schema: { type: 'object', properties: { controlplaneId: { type: 'string' } } },
        },
      }),
      handle: (ctx) => putControlPlane(ctx, deps),
    },
    {
      ...common,
      method: 'DELETE',
      path: `${base}/:controlplane`,
      operation: operation('deleteControlPlane', 'Delete the registration of a control plane', {
        204: { description: 'Deleted' },
      }),
      handle: (ctx) => deleteControlPlane(ctx, deps),
    },
  ];
}

function operation(operationId: string, summary: string, responses: Operation['responses']): Operation {
  return {
    operationId,
    tag: 'connectors',
    summary,
    description:
      'Every replica uses it within five seconds. A control plane of the settings cannot be changed.',
    parameters: {
      connector: 'Name of a configured connector',
      token: 'One of its tokens',
      controlplane: 'The controlplaneId of the registration',
    },
    responses,
  };
}

async function putControlPlane<Connector extends ConnectorConfig>(
  ctx: HttpContext,
  deps: ControlPlaneDeps<Connector>,
): Promise<void> {
  const connector = authenticate(ctx, deps);
  const rules = deps.rulesOf(connector);
  const controlPlane = readRegistration(await ctx.state.readJson());
  const { id } = controlPlane;
  checkRegistration(controlPlane, rules);
  checkNotConfigured(rules, id);
  const { signal } = ctx.state;
  await checkRoom(deps.store, { connector: connector.name, id }, signal);
  await deps.store.put(connector.name, controlPlane, signal);
  ctx.state.logged = { connector: connector.name, controlPlane: id };
  ctx.body = { controlplaneId: id };
}

async function deleteControlPlane<Connector extends ConnectorConfig>(
  ctx: HttpContext,
  deps: ControlPlaneDeps<Connector>,
): Promise<void> {
  const connector = authenticate(ctx, deps);
  const { controlplane: id = '' } = ctx.params;
  checkNotConfigured(deps.rulesOf(connector), id);
  if (!(await deps.store.remove(connector.name, id, ctx.state.signal)))
    throw new ServiceError('not-found', 'controlplaneId: expected that of a registered control plane', {
      field: 'controlplaneId',
    });
  ctx.state.logged = { connector: connector.name, controlPlane: id };
  ctx.status = 204;
}

function authenticate<Connector extends ConnectorConfig>(
  ctx: HttpContext,
  { connectors, secrets }: ControlPlaneDeps<Connector>,
): Connector {
  const { connector: name = '', token = '' } = ctx.params;
  if (connectors.some((one) => one.name === name)) ctx.state.connector = name;
  return authenticateConnector({ connectors, secrets }, { name, token });
}

function checkNotConfigured({ configured }: ConnectorRules, id: string): void {
  if (isConfigured(configured, id))
    throw new ServiceError('conflict', 'controlplaneId: expected one that the settings do not have', {
      field: 'controlplaneId',
    });
}

/** Each request to a data flow looks through all of them. */
const limit = 100;

async function checkRoom(
  store: ControlPlaneStore,
  { connector, id }: { connector: string; id: string },
  signal: AbortSignal,
): Promise<void> {
  const registered = await store.list(connector, signal);
  if (registered.length < limit || registered.some((one) => one.id === id)) return;
  throw new ServiceError('conflict', `controlplaneId: expected at most ${limit} registered control planes`, {
    field: 'controlplaneId',
  });
}
