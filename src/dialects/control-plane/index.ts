import type { Dialect } from '../dialect.ts';
import { managementAccess } from '../edc/management-access.ts';
import { pollTransfers } from '../edc/poll-transfers.ts';
import { deliver } from './deliver.ts';
import { probeControlPlane } from './probe.ts';
import { isProvisionRequest, readProvisionRequest } from './read-request.ts';
import { ProvisionRequestBody } from './schemas.ts';
import { controlPlaneSettings, type ControlPlaneConnector } from './settings.ts';

/** The HTTP provisioner of a control plane: EDC from milestone 6 to 0.15.1. */
export const controlPlane: Dialect<ControlPlaneConnector> = {
  name: controlPlaneSettings.dialect,
  requests: {
    name: 'ControlPlaneRequest',
    schema: ProvisionRequestBody,
    recognizes: isProvisionRequest,
    read: readProvisionRequest,
  },
  addresses: {
    service: 'carried',
    presigned: 'carried',
    s3: {
      obstacle:
        'this generation replaces keyName of a callback’s address, and keeps no secret of the callback',
    },
  },
  rules: ({ http, reconciler }) => ({
    holdMillis: http.answerDeadlineMillis + reconciler.callbackHoldMillis,
    // The state of the process shows whether the connector accepted the first one.
    lostAttempt: 'repeat',
    onRefusal: 'terminate',
    confirmsDeprovision: false,
  }),
  deliver,
  polling: {
    isPossible: ({ managementVersion }) => managementVersion !== 'none',
    async poll(query, signal) {
      const { connector, key } = query;
      const access = managementAccess(connector, key, query);
      return await pollTransfers(
        { ...query, api: connector, access, processId: 'transferProcessId' },
        signal,
      );
    },
  },
  probe: probeControlPlane,
};
