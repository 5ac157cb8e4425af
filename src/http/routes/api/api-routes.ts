import { createProgressReader } from '../../progress-reader.ts';
import type { Route } from '../../route.ts';
import { createStreamSlots } from '../../stream-slots.ts';
import { batchRoutes } from './batches/batch-routes.ts';
import { connectorRoutes, type ConnectorRouteDeps } from './connectors/connector-routes.ts';
import { deletionRoutes } from './deletions/deletion-routes.ts';
import { jobDeliveryRoutes, type JobDeliveryDeps } from './deliveries/delivery-routes.ts';
import { jobEventRoutes, type JobEventDeps } from './events/event-routes.ts';
import { jobLogRoutes, type JobLogDeps } from './logs/log-routes.ts';
import { jobRoutes, type JobRouteDeps } from './jobs/job-routes.ts';
import { jobResultRoutes, type JobResultDeps } from './jobs/result-routes.ts';
import { envFileRoutes, type EnvFileRouteDeps } from './supply/env-file-routes.ts';
import { retryRoutes } from './retry/retry-routes.ts';
import { assetInboxRoutes, type AssetInboxRouteDeps } from './supply/inbox-routes.ts';
import { templateRoutes, type TemplateRouteDeps } from './templates/template-routes.ts';
import { uploadRoutes, type UploadRouteDeps } from './uploads/upload-routes.ts';

/** At once, on this replica. */
const mostStreams = 500;

type ApiDeps = Omit<JobRouteDeps, 'progressOf'> &
  JobResultDeps &
  JobDeliveryDeps &
  Omit<JobEventDeps & JobLogDeps, 'streams'> &
  UploadRouteDeps &
  TemplateRouteDeps &
  EnvFileRouteDeps &
  ConnectorRouteDeps &
  AssetInboxRouteDeps;

/** The API for people: what can be asked for, and jobs. A job is a flow; those of connectors are shown as well. */
export function apiRoutes(deps: ApiDeps): Route[] {
  const streams = createStreamSlots(mostStreams);
  return [
    ...templateRoutes(deps),
    ...jobRoutes({ ...deps, progressOf: createProgressReader(deps) }),
    ...batchRoutes(deps),
    ...retryRoutes(deps),
    ...jobResultRoutes(deps),
    ...jobDeliveryRoutes(deps),
    ...deletionRoutes(deps),
    ...jobEventRoutes({ ...deps, streams }),
    ...jobLogRoutes({ ...deps, streams }),
    ...uploadRoutes(deps),
    ...connectorRoutes(deps),
    ...envFileRoutes(deps),
    ...assetInboxRoutes(deps),
  ];
}
