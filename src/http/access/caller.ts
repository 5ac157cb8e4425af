import { lists } from '../../config/lists.ts';
import type { ApiScope } from '../../config/settings/api.ts';
import { ServiceError } from '../../errors.ts';
import { rest, type FlowRequest } from '../../flow/flow-request.ts';
import type { HttpContext } from '../route.ts';

/** Who uses the API for people. */
export interface Caller {
  /** That of its key. */
  name: string;
  scopes: readonly ApiScope[];
  templates: readonly string[];
  connectors: readonly string[];
  /** Sees the jobs of all callers and connectors. */
  admin: boolean;
}

/** The caller of a route with a scope. */
export function callerOf({ state }: Pick<HttpContext, 'state'>): Caller {
  if (state.caller === undefined) throw new Error('this route states no scope, so nobody has been checked');
  return state.caller;
}

/** Jobs of the API are seen by the caller that has started them, those of connectors by callers that list the connector. */
export function maySee(
  { name, connectors, admin }: Caller,
  { connector, caller }: Pick<FlowRequest, 'connector' | 'caller'>,
): boolean {
  if (admin) return true;
  return lists(connectors, connector) && (connector !== rest.connector || caller === name);
}

/** Whose settings the caller sees. */
export function seesConnector({ connectors, admin }: Caller, connector: string): boolean {
  return admin || lists(connectors, connector);
}

export function mayUse({ templates }: Caller, template: string): boolean {
  return lists(templates, template);
}

/** Throws `forbidden` for a template that the caller may not use, whether or not it exists. */
export function checkTemplateAccess(caller: Caller, template: string): void {
  if (mayUse(caller, template)) return;
  const message = `template: the key "${caller.name}" may not use it; expected one of ${caller.templates.join(', ') || 'none'}`;
  throw new ServiceError('forbidden', message, { field: 'template' });
}

/** Throws `forbidden` for a connector that the caller's key does not list, whether or not it exists. */
export function checkConnectorAccess({ name, connectors, admin }: Caller, connector: string): void {
  if (admin || lists(connectors, connector)) return;
  const message = `connector: the key "${name}" may not use it; expected one of ${connectors.join(', ') || 'none'}`;
  throw new ServiceError('forbidden', message, { field: 'connector' });
}

/** Throws `forbidden` for a caller that could not see its own jobs. */
export function checkMayStart({ name, connectors, admin }: Caller): void {
  if (admin || lists(connectors, rest.connector)) return;
  throw new ServiceError(
    'forbidden',
    `the key "${name}" may not start jobs: expected one with "${rest.connector}" among its connectors`,
  );
}
