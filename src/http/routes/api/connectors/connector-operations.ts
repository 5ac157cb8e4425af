import type { ApiOperation } from '../api-route.ts';
import { ConnectorListSchema, ConnectorSchema } from './connector-schema.ts';

const tag = 'supply';

export const connectorOperations = {
  list: {
    operationId: 'listConnectors',
    tag,
    summary: 'List the connectors',
    description: 'Those of the configured connectors whose jobs the caller may see.',
    responses: { '200': { description: 'All of them.', schema: ConnectorListSchema } },
  },
  get: {
    operationId: 'getConnector',
    tag,
    summary: 'Look at a connector',
    parameters: { connector: 'The connector’s name.' },
    responses: { '200': { description: 'The connector.', schema: ConnectorSchema } },
  },
} satisfies Record<string, ApiOperation>;
