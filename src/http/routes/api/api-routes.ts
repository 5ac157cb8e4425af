import type { Route } from '../../route.ts';
import { jobRoutes, type JobRouteDeps } from './jobs/job-routes.ts';
import { jobResultRoutes, type JobResultDeps } from './jobs/result-routes.ts';
import { templateRoutes } from './templates/template-routes.ts';

/** The API for people: what can be asked for, and jobs. A job is a flow; those of connectors are shown as well. */
export function apiRoutes(deps: JobRouteDeps & JobResultDeps): Route[] {
  return [...templateRoutes(deps), ...jobRoutes(deps), ...jobResultRoutes(deps)];
}
