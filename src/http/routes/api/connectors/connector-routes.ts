import type { Config, ConnectorConfig } from '../../../../config/config.ts';
import { lists } from '../../../../config/lists.ts';
import { ServiceError } from '../../../../errors.ts';
import type { DeliverySummary } from '../../../../flow/summarise-deliveries.ts';
import type { FlowService } from '../../../../requests/flow-service.ts';
import type { Template } from '../../../../template/template.ts';
import { callerOf, mayUse, seesConnector, type Caller } from '../../../access/caller.ts';
import type { Route } from '../../../route.ts';
import { apiPrefix, apiRoute } from '../api-route.ts';
import { connectorOperations as operations } from './connector-operations.ts';
import type { ConnectorDescription } from './connector-schema.ts';

export interface ConnectorRouteDeps {
  connectors: readonly ConnectorConfig[];
  templates: readonly Template[];
  transfers: Pick<Config['transfers'], 'perConnector'>;
  flows: Pick<FlowService, 'deliveriesOf'>;
  publicUrl: string;
}

/** The configured connectors, for callers that may see their jobs. */
export function connectorRoutes(deps: ConnectorRouteDeps): Route[] {
  const path = '/connectors';
  const byName = deps.connectors.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  function seenBy(caller: Caller): ConnectorConfig[] {
    return byName.filter(({ name }) => seesConnector(caller, name));
  }
  return [
    apiRoute({
      method: 'GET',
      path,
      scope: 'read',
      operation: operations.list,
      handle(ctx) {
        const caller = callerOf(ctx);
        ctx.body = { items: seenBy(caller).map((one) => describeConnector(deps, one, caller)) };
      },
    }),
    apiRoute({
      method: 'GET',
      path: `${path}/:connector`,
      scope: 'read',
      operation: operations.get,
      handle(ctx) {
        const caller = callerOf(ctx);
        const found = seenBy(caller).find(({ name }) => name === ctx.params['connector']);
        if (found === undefined) throw new ServiceError('not-found', 'there is no such connector');
        ctx.body = describeConnector(deps, found, caller);
      },
    }),
  ];
}

/** Names each member that it shows, since other settings of a connector are not for every caller. */
function describeConnector(
  { templates, transfers, flows, publicUrl }: ConnectorRouteDeps,
  { name, dialect, templates: requested }: ConnectorConfig,
  caller: Caller,
): ConnectorDescription {
  const own = templates
    .map((template) => template.name)
    .filter((one) => lists(requested, one) && mayUse(caller, one));
  const summary = flows.deliveriesOf(name);
  const api = `${publicUrl}${apiPrefix}`;
  return {
    ...{ name, dialect, templates: own.toSorted() },
    limits: { transfers: transfers.perConnector },
    ...(summary === undefined ? {} : { deliveries: describeSummary(summary) }),
    links: { self: `${api}/connectors/${name}`, jobs: `${api}/jobs?connector=${name}` },
  };
}

function describeSummary({
  open,
  undelivered,
  last,
}: DeliverySummary): NonNullable<ConnectorDescription['deliveries']> {
  if (last === undefined) return { open, undelivered };
  const { flow: job, startedAt, endedAt, result, detail } = last;
  return {
    open,
    undelivered,
    last: {
      ...{ job, startedAt },
      ...(endedAt === undefined ? {} : { endedAt }),
      ...(result === undefined ? {} : { result }),
      ...(detail === undefined ? {} : { detail }),
    },
  };
}
