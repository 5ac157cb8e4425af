import type { Config, Secrets } from '../config/config.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { createRedactor, secretsOfConnectors } from '../redact-secrets.ts';
import { createApp } from './create-app.ts';
import { HttpServer, type ConnectionTimes } from './http-server.ts';
import { buildOpenApi } from './openapi.ts';
import { createRefusals, type Refusals } from './refusals.ts';
import type { Route } from './route.ts';
import { unauthenticatedAllowed } from './unauthenticated-access.ts';
import { pageRoutes } from './routes/pages/page-routes.ts';
import { healthRoute, healthRoutes, type HealthCheck, type HealthDependencies } from './routes/health.ts';
import { apiPrefix } from './routes/api/api-route.ts';
import { metricsRoute, serviceRoutes } from './routes/service.ts';

export interface HttpDependencies {
  config: Pick<Config, 'http' | 'api'>;
  secrets: Pick<Secrets, 'connectors'>;
  version: string;
  /** The checks of `/health`, by name; each has its own deadline. */
  components: Readonly<Record<string, HealthCheck>>;
  /** Routes of the dialects, results and demo. */
  routes: readonly Route[];
  log: Logger;
  metrics: Metrics;
  /** Builds the paths that stand for those of other routes; absent: there are none. */
  compatibility?:
    ((routes: readonly Route[], about: { version: string; url: string }) => Route[]) | undefined;
  now?: () => Date;
  /** Shared with the metrics server. */
  refusals?: Refusals;
  times?: ConnectionTimes;
}

/** The server of all routes. Does not listen yet. */
export function createHttpServer(deps: HttpDependencies): HttpServer {
  const { now = () => new Date(), refusals = createRefusals(now), ...rest } = deps;
  const { http, api } = deps.config;
  const redact = createRedactor(secretsOfConnectors(deps.secrets));
  function listener(ready: () => boolean) {
    const routes = allRoutes({ ...rest, now, refusals }, ready);
    return createApp({ ...rest, config: http, api, routes, refusals, redact }).callback();
  }
  return new HttpServer(http, listener, deps);
}

export type MetricsDependencies = Pick<HttpDependencies, 'log' | 'metrics' | 'components'> & {
  config: Pick<Config, 'http'>;
  /** Whether the main server is ready. */
  ready: () => boolean;
  /** The refusals of the main server. */
  refusals: Refusals;
};

const noApi = { keys: [], cors: { origins: [] } };

/** A separate server for Prometheus and operators, if `http.metricsPort` is set. Does not listen yet. */
export function createMetricsServer(deps: MetricsDependencies): HttpServer | undefined {
  const { log, metrics, ready, refusals } = deps;
  const { http } = deps.config;
  if (http.metricsPort === undefined) return undefined;
  const routes = [
    metricsRoute(metrics),
    healthRoute({ ...healthOf(deps), ready, refusals, isInside: () => true }),
  ];
  const own = createRefusals(() => new Date());
  const app = createApp({
    config: http,
    api: noApi,
    log,
    metrics,
    routes,
    refusals: own,
    redact: createRedactor([]),
  });
  return new HttpServer({ ...http, port: http.metricsPort }, () => app.callback(), { log });
}

function allRoutes(
  deps: HttpDependencies & { now: () => Date; refusals: Refusals },
  ready: () => boolean,
): Route[] {
  const { http } = deps.config;
  const about = { version: deps.version, url: http.publicUrl };
  const pages = pageRoutes(http);
  const routes: Route[] = [
    ...serviceRoutes({
      ...deps,
      metrics: http.metricsPort === undefined ? deps.metrics : undefined,
      links: linksOf([...pages, ...deps.routes]),
      openApi: () =>
        buildOpenApi(
          all.filter(({ successor }) => successor === undefined),
          about,
        ),
    }),
    ...healthRoutes({
      ...healthOf(deps),
      ready,
      refusals: deps.refusals,
      // Even with `on`, only this machine sees the details of health.
      isInside: (request) => http.unauthenticated !== 'off' && unauthenticatedAllowed(request, 'loopback'),
    }),
    ...pages,
    ...deps.routes,
  ];
  const { compatibility = () => [] } = deps;
  const all = [...routes, ...compatibility(routes, about)];
  return all;
}

/** Where people start. */
function linksOf(routes: readonly Route[]): Record<string, string> {
  const paths = [
    ...['docs', 'redoc', 'service'].map((name) => [name, `/${name}`] as const),
    ...['templates', 'jobs', 'connectors', 'deletion-requests'].map(
      (name) => [name, `${apiPrefix}/${name}`] as const,
    ),
  ];
  return Object.fromEntries(paths.filter(([, path]) => routes.some((route) => route.path === path)));
}

function healthOf({
  config: { http },
  components,
}: Pick<MetricsDependencies, 'config' | 'components'>): Pick<
  HealthDependencies,
  'components' | 'checkMillis'
> {
  return { components, checkMillis: Math.min(1000, http.answerDeadlineMillis / 2) };
}
