import type { Dialect } from '../dialect.ts';
import { deliver } from './deliver.ts';
import { pollTransfers } from './poll-transfers.ts';
import { provisionRoutes } from './routes.ts';
import { controlPlaneSettings, type ControlPlaneConnector } from './settings.ts';

/** The HTTP provisioner of a control plane: EDC from milestone 6 to 0.15.1. */
export const controlPlane: Dialect<ControlPlaneConnector> = {
  name: controlPlaneSettings.dialect,
  routes: provisionRoutes,
  rules: ({ http, reconciler }) => ({
    holdMillis: http.answerDeadlineMillis + reconciler.callbackHoldMillis,
    // A connector that has taken the first one says so by the state of its process.
    repeatsLostAttempt: true,
    onRefusal: 'terminate',
  }),
  deliver,
  polling: { isPossible: ({ managementVersion }) => managementVersion !== 'none', poll: pollTransfers },
};
