import { createRedactor, secretsOfConnectors, type Redact } from '../redact-secrets.ts';
import type { Config, Secrets } from '../config/config.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { createApp } from './create-app.ts';
import { HttpServer, type ConnectionTimes } from './http-server.ts';
import { buildOpenApi } from './openapi.ts';
import { createRefusals, type Refusals } from './refusals.ts';
import type { Route } from './route.ts';
import { unauthenticatedAllowed } from './unauthenticated-access.ts';
import { healthRoute, healthRoutes, type HealthCheck, type HealthDependencies } from './routes/health.ts';
import { metricsRoute, serviceRoutes } from './routes/service.ts';

export interface HttpDependencies {
  config: Pick<Config, 'http'>;
  secrets: Pick<Secrets, 'connectors'>;
  version: string;
  /** What `/health` asks, by name; each within a bound of its own. */
  components: Readonly<Record<string, HealthCheck>>;
  /** Those of the dialects, results and demo. */
  routes: readonly Route[];
  log: Logger;
  metrics: Metrics;
  now?: () => Date;
  /** Shared with the port of the metrics. */
  refusals?: Refusals;
  times?: ConnectionTimes;
}

/** The request half. Not listening yet. */
export function createHttpServer(deps: HttpDependencies): HttpServer {
  const { now = () => new Date(), refusals = createRefusals(now), ...rest } = deps;
  const { http } = deps.config;
  function listener(ready: () => boolean) {
    const routes = allRoutes({ ...rest, now, refusals }, ready);
    return createApp({ ...rest, config: http, routes, refusals, redact: redactorOf(deps) }).callback();
  }
  return new HttpServer(http, listener, deps);
}

function redactorOf({ secrets }: HttpDependencies): Redact {
  return createRedactor(secretsOfConnectors(secrets));
}

export type MetricsDependencies = Pick<HttpDependencies, 'config' | 'log' | 'metrics' | 'components'> & {
  /** Both of the main server. */
  ready: () => boolean;
  refusals: Refusals;
};

/** For Prometheus and for people inside, where the settings give it a port of its own. Not listening yet. */
export function createMetricsServer(deps: MetricsDependencies): HttpServer | undefined {
  const { log, metrics, ready, refusals } = deps;
  const { http } = deps.config;
  if (http.metricsPort === undefined) return undefined;
  const routes = [
    metricsRoute(metrics),
    healthRoute({ ...healthOf(deps), ready, refusals, isInside: () => true }),
  ];
  const own = createRefusals(() => new Date());
  const app = createApp({ config: http, log, metrics, routes, refusals: own, redact: createRedactor([]) });
  return new HttpServer({ ...http, port: http.metricsPort }, () => app.callback(), { log });
}

function allRoutes(
  deps: HttpDependencies & { now: () => Date; refusals: Refusals },
  ready: () => boolean,
): Route[] {
  const { http } = deps.config;
  const routes: Route[] = [
    ...serviceRoutes({
      ...deps,
      metrics: http.metricsPort === undefined ? deps.metrics : undefined,
      openApi: () => buildOpenApi(routes, { version: deps.version, url: http.publicUrl }),
    }),
    ...healthRoutes({
      ...healthOf(deps),
      ready,
      refusals: deps.refusals,
      // Where a path without a token is for everybody, the details of health are still for this machine alone.
      isInside: (request) => http.unauthenticated !== 'off' && unauthenticatedAllowed(request, 'loopback'),
    }),
    ...deps.routes,
  ];
  return routes;
}

function healthOf({
  config: { http },
  components,
}: Pick<HttpDependencies, 'config' | 'components'>): Pick<HealthDependencies, 'components' | 'checkMillis'> {
  return { components, checkMillis: Math.min(1000, http.answerDeadlineMillis / 2) };
}
