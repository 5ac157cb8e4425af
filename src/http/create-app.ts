import Router from '@koa/router';
import Koa, { type Middleware } from 'koa';
import type { HttpConfig } from '../config/config.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { answerDeadline, exemptFromDeadline } from './middleware/answer-deadline.ts';
import { busyHold } from './middleware/busy-hold.ts';
import { errorProblems } from './middleware/error-problems.ts';
import { jsonBody } from './middleware/json-body.ts';
import { requestLog } from './middleware/request-log.ts';
import { unrouted } from './middleware/unrouted.ts';
import type { HttpState, Route } from './route.ts';

export interface AppDependencies {
  config: HttpConfig;
  log: Logger;
  metrics: Metrics;
  routes: readonly Route[];
}

/** The order matters: the deadline bounds all, the hold sees the status that the problems set. */
export function createApp({ config, log, metrics, routes }: AppDependencies): Koa<HttpState> {
  const app = new Koa<HttpState>();
  const router = new Router<HttpState>({ strict: true, sensitive: true });
  for (const route of routes) register(router, route, config);
  app.on('error', (error: Error) => {
    log.warn({ err: error }, 'answer failed');
  });
  app.use(answerDeadline({ millis: config.answerDeadlineMillis, metrics }));
  app.use(requestLog({ log, metrics }));
  app.use(busyHold({ millis: config.busyHoldMillis }));
  app.use(errorProblems());
  app.use(router.routes());
  app.use(unrouted((path) => methodsAt(router, routes, path)));
  return app;
}

function register(router: Router<HttpState>, route: Route, config: HttpConfig): void {
  const middleware: Middleware<HttpState>[] = [startRoute(route)];
  if (route.body === 'json') middleware.push(jsonBody({ limitBytes: config.bodyLimitBytes }));
  const methods = route.method === 'GET' ? ['GET', 'HEAD'] : [route.method];
  router.register(route.path, methods, [...middleware, (ctx) => route.handle(ctx)]);
}

function startRoute({ path, deadline }: Route): Middleware<HttpState> {
  return async function startRoute({ state }, next) {
    state.route = path;
    if (deadline === 'exempt') exemptFromDeadline(state);
    await next();
  };
}

function methodsAt(router: Router<HttpState>, routes: readonly Route[], path: string): Route['method'][] {
  const patterns = new Set(router.match(path, 'NONE').path.map((layer) => layer.path));
  return routes.filter((route) => patterns.has(route.path)).map(({ method }) => method);
}
