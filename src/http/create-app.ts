import Router from '@koa/router';
import Koa, { type Middleware } from 'koa';
import type { HttpConfig } from '../config/config.ts';
import { ServiceError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Redact } from '../redact-secrets.ts';
import { answerDeadline } from './middleware/answer-deadline.ts';
import { busyHold } from './middleware/busy-hold.ts';
import { checkHead } from './middleware/check-head.ts';
import { closeWhenUnavailable } from './middleware/close-when-unavailable.ts';
import { errorProblems } from './middleware/error-problems.ts';
import { requestLog } from './middleware/request-log.ts';
import { formReader, jsonReader } from './read-json.ts';
import type { Refusals } from './refusals.ts';
import type { HttpContext, HttpState, Route } from './route.ts';
import { showMatched } from './shown-path.ts';
import { unauthenticatedAllowed } from './unauthenticated-access.ts';

export interface AppDependencies {
  config: HttpConfig;
  log: Logger;
  metrics: Metrics;
  routes: readonly Route[];
  refusals: Refusals;
  redact: Redact;
}

/** The order matters: the deadline covers all other middleware, and the hold sees the status that the problems set. */
export function createApp({ routes, ...deps }: AppDependencies): Koa<HttpState> {
  const { config, log, metrics, refusals, redact } = deps;
  const app = new Koa<HttpState>();
  const router = new Router<HttpState>({ strict: true, sensitive: true });
  for (const route of routes) register(router, route, deps);
  app.on('error', (error: Error) => {
    log.warn({ err: error }, 'answer failed');
  });
  app.use(answerDeadline({ millis: config.answerDeadlineMillis, metrics }));
  app.use(requestLog({ log, metrics, redact }));
  app.use(busyHold({ millis: config.busyHoldMillis }));
  app.use(closeWhenUnavailable());
  app.use(errorProblems({ refusals, redact }));
  app.use(checkHead());
  app.use(router.routes());
  app.use(unrouted(router, routes));
  return app;
}

function register(
  router: Router<HttpState>,
  route: Route,
  { config, redact }: Pick<AppDependencies, 'config' | 'redact'>,
): void {
  const readJson = jsonReader(config.bodyLimitBytes);
  const readForm = formReader(config.bodyLimitBytes);
  const methods = methodsOf(route);
  async function handle(ctx: HttpContext): Promise<void> {
    const { state } = ctx;
    state.route = route;
    state.shownPath = showMatched(route, ctx.params, redact);
    // The router accepts HEAD for every GET.
    checkMethod(ctx, methods);
    if (route.access === 'unauthenticated' && !unauthenticatedAllowed(ctx.req, config.unauthenticated))
      throw notFound();
    if (route.body?.kind === 'json') state.readJson = () => readJson(ctx);
    if (route.body?.kind === 'form') state.readForm = () => readForm(ctx);
    await route.handle(ctx);
  }
  router.register(route.path, methods, handle);
}

function methodsOf({ method, answersHead }: Route): string[] {
  return method === 'GET' && answersHead !== false ? ['GET', 'HEAD'] : [method];
}

/** Runs if no route matched: 405 if the path has routes of other methods, else 404. */
function unrouted(router: Router<HttpState>, routes: readonly Route[]): Middleware<HttpState> {
  return function unrouted(ctx) {
    const patterns = new Set(router.match(ctx.path, 'NONE').path.map((layer) => layer.path));
    const methods = routes.filter((route) => patterns.has(route.path)).flatMap(methodsOf);
    if (methods.length > 0) checkMethod(ctx, methods);
    throw notFound();
  };
}

function notFound(): ServiceError {
  return new ServiceError('not-found', 'nothing is served under this path');
}

function checkMethod(ctx: Pick<HttpContext, 'method' | 'set'>, methods: string[]): void {
  if (methods.includes(ctx.method)) return;
  const allow = [...new Set(methods)].join(', ');
  ctx.set('Allow', allow);
  throw new ServiceError('method-not-allowed', `the method: expected one of ${allow}`);
}
