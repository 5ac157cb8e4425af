import Router from '@koa/router';
import Koa, { type Middleware } from 'koa';
import type { HttpConfig } from '../config/config.ts';
import type { ApiConfig } from '../config/settings/api.ts';
import { ServiceError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Redact } from '../redact-secrets.ts';
import { createAccessCheck, type AccessCheck } from './access/check-access.ts';
import { cors } from './access/cors.ts';
import { answerDeadline } from './middleware/answer-deadline.ts';
import { busyHold } from './middleware/busy-hold.ts';
import { checkHead } from './middleware/check-head.ts';
import { closeWhenUnavailable } from './middleware/close-when-unavailable.ts';
import { errorProblems } from './middleware/error-problems.ts';
import { requestLog } from './middleware/request-log.ts';
import { checkAccept } from './check-accept.ts';
import { formReader, jsonReader } from './read-json.ts';
import type { Refusals } from './refusals.ts';
import type { HttpContext, HttpState, Route } from './route.ts';
import { showMatched } from './shown-path.ts';
import { announceSuccessor } from './successor.ts';
import { unauthenticatedAllowed } from './unauthenticated-access.ts';

export interface AppDependencies {
  config: HttpConfig;
  api: ApiConfig;
  log: Logger;
  metrics: Metrics;
  routes: readonly Route[];
  refusals: Refusals;
  redact: Redact;
}

/** The order matters: the deadline covers all other middleware, and the hold sees the status that the problems set. */
export function createApp({ routes, api, ...deps }: AppDependencies): Koa<HttpState> {
  const { config, log, metrics, refusals, redact } = deps;
  const app = new Koa<HttpState>();
  const router = new Router<HttpState>({ strict: true, sensitive: true });
  const checkAccess = createAccessCheck({ api, unauthenticated: config.unauthenticated });
  const fixed = new Set(routes.map(({ path }) => path).filter((path) => !/[:*]/.test(path)));
  // A path with routes of its own is none of those that a pattern covers: `/uploads/presigned` is no `/uploads/:upload`.
  function methodsAt(path: string, among = routes): string[] {
    const matched = fixed.has(path) ? [path] : router.match(path, 'NONE').path.map((layer) => layer.path);
    const patterns = new Set<string | RegExp>(matched);
    return unique(among.filter((route) => patterns.has(route.path)).flatMap(methodsOf));
  }
  for (const route of routes) register(router, route, { ...deps, checkAccess, fixed, methodsAt });
  const apiRoutes = routes.filter(({ access }) => typeof access === 'object');
  app.on('error', (error: Error) => {
    log.warn({ err: error }, 'answer failed');
  });
  app.use(answerDeadline({ millis: config.answerDeadlineMillis, metrics }));
  app.use(requestLog({ log, metrics, redact }));
  app.use(busyHold({ millis: config.busyHoldMillis }));
  app.use(closeWhenUnavailable());
  app.use(errorProblems({ refusals, redact }));
  app.use(checkHead());
  app.use(cors({ origins: api.cors.origins, methodsAt: (path) => methodsAt(path, apiRoutes) }));
  app.use(router.routes());
  app.use(unrouted(methodsAt));
  return app;
}

type RegisterDependencies = Pick<AppDependencies, 'config' | 'redact'> & {
  checkAccess: AccessCheck;
  /** Paths without parameters. */
  fixed: ReadonlySet<string>;
  methodsAt: (path: string) => string[];
};

function register(
  router: Router<HttpState>,
  route: Route,
  { config, redact, checkAccess, fixed, methodsAt }: RegisterDependencies,
): void {
  const times = route.body?.kind === 'json' ? (route.body.times ?? 1) : 1;
  const readJson = jsonReader(config.bodyLimitBytes * times);
  const readForm = formReader(config.bodyLimitBytes);
  const methods = methodsOf(route);
  const { access } = route;
  async function handle(ctx: HttpContext): Promise<void> {
    const { state } = ctx;
    state.route = route;
    // Strangers may put anything into a path, also a key.
    state.shownPath = showMatched(route, typeof access === 'object' ? {} : ctx.params, redact);
    announceSuccessor(ctx, route, config.publicUrl);
    // The router accepts HEAD for every GET, and matches patterns with paths that have routes of their own.
    checkMethod(ctx, fixed.has(ctx.path) ? methodsAt(ctx.path) : methods);
    if (typeof access === 'object') {
      ctx.set('Cache-Control', 'private, no-cache');
      state.caller = checkAccess(ctx.req, access.scope);
      state.log = state.log.child({ caller: state.caller.name });
      state.shownPath = showMatched(route, ctx.params, redact);
      checkAccept(ctx, route.operation);
    }
    if (access === 'unauthenticated' && !unauthenticatedAllowed(ctx.req, config.unauthenticated))
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
function unrouted(methodsAt: (path: string) => string[]): Middleware<HttpState> {
  return function unrouted(ctx) {
    const methods = methodsAt(ctx.path);
    if (methods.length > 0) checkMethod(ctx, methods);
    throw notFound();
  };
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}

function notFound(): ServiceError {
  return new ServiceError('not-found', 'nothing is served under this path');
}

function checkMethod(ctx: Pick<HttpContext, 'method' | 'set'>, methods: string[]): void {
  if (methods.includes(ctx.method)) return;
  const allow = methods.join(', ');
  ctx.set('Allow', allow);
  throw new ServiceError('method-not-allowed', `the method: expected one of ${allow}`);
}
