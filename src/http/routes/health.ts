import { isServiceError, messageOf, type ErrorCode } from '../../errors.ts';
import { withinDeadline } from '../../until-aborted.ts';
import { answerProblem } from '../problem.ts';
import { refusalSchema, type Refusals } from '../refusals.ts';
import type { HttpContext, Operation, Route } from '../route.ts';

/** What is to be said of one thing that the service depends on. */
export interface HealthFinding {
  /** Out of order, although asking worked. */
  broken?: boolean;
  /** For everybody: no address, no name of a host, and no words that are not our own. */
  shown?: Readonly<Record<string, unknown>>;
  /** For people inside: added, and instead of what is shown under the same name. */
  inside?: Readonly<Record<string, unknown>>;
}

/** Throws when it is out of order. */
export type HealthCheck = (signal: AbortSignal) => Promise<HealthFinding | undefined>;

export interface HealthDependencies {
  ready: () => boolean;
  /** Names as they are shown: cluster, store, leader, records. */
  components: Readonly<Record<string, HealthCheck>>;
  checkMillis: number;
  /** Whether the one who asks may see addresses and messages of cluster and store. */
  isInside: (request: HttpContext['req']) => boolean;
  /** For people inside. */
  refusals: Pick<Refusals, 'list'>;
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
    healthRoute(deps),
  ];
}

export function healthRoute(deps: HealthDependencies): Route {
  const summary = 'What the service depends on; a broken component makes it degraded, not unready';
  return route('/health', (ctx) => answerHealth(ctx, deps), operation('health', summary, healthMembers));
}

function route(path: string, handle: Route['handle'], operation: Operation): Route {
  return { method: 'GET', path, access: 'everybody', deadline: 'bounded', operation, handle };
}

function operation(operationId: string, summary: string, members: object = {}): Operation {
  const schema = { type: 'object', properties: { status: { type: 'string' }, ...members } };
  return {
    operationId,
    tag: 'service',
    summary,
    parameters: {},
    responses: { 200: { description: summary, schema } },
  };
}

const healthMembers = {
  status: { type: 'string', enum: ['ok', 'degraded'] },
  ready: { type: 'boolean' },
  components: {
    type: 'object',
    additionalProperties: {
      type: 'object',
      required: ['status'],
      properties: { status: { type: 'string', enum: ['ok', 'broken'] } },
    },
  },
  refusals: {
    type: 'object',
    description: 'For people inside: the last refused requests by connector.',
    additionalProperties: { type: 'array', items: refusalSchema },
  },
};

function live(ctx: HttpContext): void {
  ctx.body = { status: 'ok' };
}

/**
 * Neither the API server nor the store is asked: with no ready replica an ingress answers 503, which connectors repeat
 * thousands of times a second.
 */
function answerReadiness(ctx: HttpContext, { ready }: HealthDependencies): void {
  if (ready()) ctx.body = { status: 'ok' };
  else {
    const detail = 'it does not listen yet, or stops: expected requests at another replica';
    answerProblem(ctx, { code: 'not-ready', title: 'Not ready', status: 503, detail });
  }
}

async function answerHealth(ctx: HttpContext, deps: HealthDependencies): Promise<void> {
  const inside = deps.isInside(ctx.req);
  const checks = Object.entries(deps.components).map(
    async ([name, check]) => [name, render(await runCheck(check, deps, ctx), inside)] as const,
  );
  const components = Object.fromEntries(await Promise.all(checks));
  const broken = Object.values(components).some(({ status }) => status !== 'ok');
  const refusals = inside ? deps.refusals.list() : {};
  ctx.body = {
    status: broken ? 'degraded' : 'ok',
    ready: deps.ready(),
    components,
    // A refused request is its sender's fault: the service is in order.
    ...(Object.keys(refusals).length === 0 ? {} : { refusals }),
  };
}

function render({ broken, shown, inside }: HealthFinding, isInside: boolean): Record<string, unknown> {
  return { status: broken === true ? 'broken' : 'ok', ...shown, ...(isInside ? inside : {}) };
}

/** A check that does not listen to its signal does not hold up the answer either. */
async function runCheck(
  check: HealthCheck,
  { checkMillis }: HealthDependencies,
  ctx: HttpContext,
): Promise<HealthFinding> {
  try {
    return (await withinDeadline(check, checkMillis, ctx.state.signal)) ?? {};
  } catch (error) {
    return findingOf(error);
  }
}

/** What was thrown, in our own words for strangers: the message itself may name an address. */
export function findingOf(error: unknown): HealthFinding {
  const code = isServiceError(error) ? error.code : undefined;
  return {
    broken: true,
    shown: { ...(code === undefined ? {} : { code }), problem: publicProblem(code) },
    inside: { problem: messageOf(error).slice(0, 300) },
  };
}

const publicProblems: Partial<Record<ErrorCode, string>> = {
  'cluster-unavailable': 'the API server does not answer, or refuses it for now',
  'cluster-not-found': 'something is missing in the cluster, such as the namespace of the Jobs',
  'cluster-refused': 'the API server refuses it',
  'bucket-missing': 'the bucket does not exist',
  'store-unavailable': 'the store does not answer, or refuses it for now',
  'store-refused': 'the store refuses the keys of the service',
  'deadline-exceeded': 'no answer in time',
};

function publicProblem(code: ErrorCode | undefined): string {
  return (code === undefined ? undefined : publicProblems[code]) ?? 'it is out of order; the log says why';
}
