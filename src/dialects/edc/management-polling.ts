import type { ConnectorConfig } from '../../config/config.ts';
import type { Dialect } from '../dialect.ts';
import { managementAccess } from './management-access.ts';
import type { ManagementApi } from './management-messages.ts';
import { pollTransfers } from './poll-transfers.ts';
import type { ManagementOauth2 } from './settings.ts';

/** A connector whose management API is known if it is configured, with a key of its own. */
type PerhapsManaged = ConnectorConfig & {
  managementUrl?: string;
  managementVersion: ManagementApi['managementVersion'];
  managementOauth2?: ManagementOauth2;
};

/** `processId`: the member of a flow's ids that names its transfer process. */
export function managementPolling<Connector extends PerhapsManaged>(
  processId: string,
): NonNullable<Dialect<Connector>['polling']> {
  return {
    isPossible: ({ managementUrl }) => managementUrl !== undefined,
    async poll(query, signal) {
      const { connector, managementKey } = query;
      const { managementUrl, managementVersion } = connector;
      if (managementUrl === undefined) return { states: new Map() };
      const api = { managementUrl, managementVersion };
      const access = managementAccess(connector, managementKey, query);
      return await pollTransfers({ ...query, api, access, processId }, signal);
    },
  };
}
