import type { Dialect } from '../dialect.ts';
import { managementPolling } from '../edc/management-polling.ts';
import { deliver } from './deliver.ts';
import { probeDataPlane } from './probe.ts';
import { isDataPlaneRequest, readDataPlaneRequest } from './read-request.ts';
import { failureRoutes } from './routes.ts';
import { DataPlaneRequestBody } from './schemas.ts';
import { dataPlaneSettings, usesVault, type DataPlaneConnector } from './settings.ts';

/** The HTTP provisioner of a data plane: EDC 0.14 to 0.18. */
export const dataPlane: Dialect<DataPlaneConnector> = {
  name: dataPlaneSettings.dialect,
  requests: {
    name: 'DataPlaneRequest',
    schema: DataPlaneRequestBody,
    recognizes: isDataPlaneRequest,
    read: readDataPlaneRequest,
    deliversRefusals: true,
  },
  routes: failureRoutes,
  // Consumers see addresses from 0.16 on: no kind holds anything that they may not have.
  addresses: {
    service: 'carried',
    presigned: 'carried',
    s3: {
      obstacle: 'its data plane reads keys for S3 only from its vault: set vault and managementUrl',
      unless: usesVault,
    },
  },
  rules: ({ http, reconciler }) => ({
    holdMillis: http.answerDeadlineMillis + reconciler.callbackHoldMillis,
    // A repeat moves a flow back that has gone on, and delays the others of its data plane. The control plane learns of a callback from a
    // thread that may be busy with another flow for some seconds.
    lostAttempt: { askAfterMillis: 3 * reconciler.deliveryTimeoutMillis },
    // A failure would need the same callback that was refused.
    onRefusal: 'end',
    confirmsDeprovision: true,
  }),
  deliver,
  polling: managementPolling('flowId'),
  probe: probeDataPlane,
};
