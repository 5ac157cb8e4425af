import { isServiceError, messageOf } from '../../errors.ts';
import type { HttpContext, Operation, Route } from '../route.ts';

/** One thing that the service depends on: resolves with what is to be said of it, throws when it is out of order. */
export type HealthCheck = (signal: AbortSignal) => Promise<unknown>;

export interface HealthDependencies {
  ready: () => boolean;
  /** Names as they are shown: cluster, store, leader, records. */
  components: Readonly<Record<string, HealthCheck>>;
  checkMillis: number;
}

export function healthRoutes(deps: HealthDependencies): Route[] {
  return [
    route('/health/live', live, operation('live', 'The process answers')),
    route(
      '/health/ready',
      (ctx) => {
        answerReadiness(ctx, deps);
      },
      operation('ready', 'Whether to send requests here: 503 before listening and while draining'),
    ),
    route(
      '/health',
      (ctx) => answerHealth(ctx, deps),
      operation('health', 'What the service depends on; a broken component makes it degraded, not unready'),
    ),
  ];
}

function route(path: string, handle: Route['handle'], operation: Operation): Route {
  return { method: 'GET', path, deadline: 'bounded', body: 'none', operation, handle };
}

function operation(operationId: string, summary: string): Operation {
  const schema = { type: 'object', properties: { status: { type: 'string' } } };
  return {
    operationId,
    tag: 'service',
    summary,
    parameters: {},
    responses: { 200: { description: summary, schema } },
  };
}

function live(ctx: HttpContext): void {
  ctx.body = { status: 'ok' };
}

/**
 * Neither the API server nor the store is asked: with no ready replica an ingress answers 503, which connectors repeat
 * thousands of times a second.
 */
function answerReadiness(ctx: HttpContext, { ready }: HealthDependencies): void {
  const isReady = ready();
  ctx.status = isReady ? 200 : 503;
  ctx.body = { status: isReady ? 'ok' : 'not ready' };
}

async function answerHealth(ctx: HttpContext, deps: HealthDependencies): Promise<void> {
  const checks = Object.entries(deps.components).map(
    async ([name, check]) => [name, await runCheck(check, deps, ctx)] as const,
  );
  const components = Object.fromEntries(await Promise.all(checks));
  const broken = Object.values(components).some(({ status }) => status !== 'ok');
  ctx.body = { status: broken ? 'degraded' : 'ok', ready: deps.ready(), components };
}

type ComponentHealth =
  { status: 'ok'; detail?: unknown } | { status: 'broken'; code?: string; problem: string };

/** A check that does not heed its signal does not hold up the answer either. */
async function runCheck(
  check: HealthCheck,
  { checkMillis }: HealthDependencies,
  ctx: HttpContext,
): Promise<ComponentHealth> {
  const over = Promise.withResolvers<never>();
  const deadline = new AbortController();
  const timer = setTimeout(() => {
    const error = new Error(`no answer within ${checkMillis} ms`);
    deadline.abort(error);
    over.reject(error);
  }, checkMillis);
  try {
    const detail = await Promise.race([
      check(AbortSignal.any([deadline.signal, ctx.state.signal])),
      over.promise,
    ]);
    return { status: 'ok', ...(detail === undefined ? {} : { detail }) };
  } catch (error) {
    const code = isServiceError(error) ? { code: error.code } : {};
    return { status: 'broken', ...code, problem: messageOf(error).slice(0, 300) };
  } finally {
    clearTimeout(timer);
  }
}
