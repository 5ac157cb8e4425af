import { isServiceError, messageOf, type ErrorCode } from '../../errors.ts';
import { withinDeadline } from '../../until-aborted.ts';
import { buildProblem, sendProblem } from '../problem.ts';
import { refusalSchema, type Refusals } from '../refusals.ts';
import type { HttpContext, Operation, Route } from '../route.ts';
import { route, serviceOperation } from './service.ts';

/** The state of one dependency of the service. */
export interface HealthFinding {
  /** The check worked, and found the dependency out of order. */
  broken?: boolean;
  /** For all clients: no address, no host name, and no text that is not our own. */
  shown?: Readonly<Record<string, unknown>>;
  /** For operators: added to the members of `shown`, or replacing them. */
  inside?: Readonly<Record<string, unknown>>;
}

/** Throws if the dependency is out of order. */
export type HealthCheck = (signal: AbortSignal) => Promise<HealthFinding | undefined>;

export interface HealthDependencies {
  ready: () => boolean;
  /** By name, as shown: cluster, store, and so on. */
  components: Readonly<Record<string, HealthCheck>>;
  checkMillis: number;
  /** Whether the client may see addresses and messages of cluster and store. */
  isInside: (request: HttpContext['req']) => boolean;
  /** For operators. */
  refusals: Pick<Refusals, 'list'>;
}

export function healthRoutes(deps: HealthDependencies): Route[] {
  const readiness = 'Whether to send requests here: 503 before listening and while draining';
  return [
    route('/health/live', operation('live', 'The process answers'), live),
    route('/health/ready', operation('ready', readiness), (ctx) => {
      answerReadiness(ctx, deps);
    }),
    healthRoute(deps),
  ];
}

export function healthRoute(deps: HealthDependencies): Route {
  const summary = 'State of the dependencies; a broken component makes the service degraded, not unready';
  return route('/health', operation('health', summary, healthMembers), (ctx) => answerHealth(ctx, deps));
}

function operation(operationId: string, summary: string, members: object = {}): Operation {
  const schema = { type: 'object', properties: { status: { type: 'string' }, ...members } };
  return serviceOperation(operationId, summary, { description: summary, schema });
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
    description: 'For operators: the last refused requests by connector.',
    additionalProperties: { type: 'array', items: refusalSchema },
  },
};

function live(ctx: HttpContext): void {
  ctx.body = { status: 'ok' };
}

/**
 * Does not depend on the API server or the store: an ingress without a ready replica answers 503, which connectors repeat thousands of
 * times a second.
 */
function answerReadiness(ctx: HttpContext, { ready }: HealthDependencies): void {
  if (ready()) ctx.body = { status: 'ok' };
  else {
    const detail = 'this replica does not listen yet, or stops: send requests to another one';
    sendProblem(ctx, buildProblem({ code: 'not-ready', title: 'Not ready', status: 503, detail }));
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
    // Refused requests are the fault of their clients, and do not degrade the service.
    ...(Object.keys(refusals).length === 0 ? {} : { refusals }),
  };
}

function render({ broken, shown, inside }: HealthFinding, isInside: boolean): Record<string, unknown> {
  return { status: broken === true ? 'broken' : 'ok', ...shown, ...(isInside ? inside : {}) };
}

/** A check that ignores its signal does not delay the answer. */
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

/** The finding of a check that threw. The error's message may name an address, and is for operators only. */
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
  return (code === undefined ? undefined : publicProblems[code]) ?? 'out of order; the log says why';
}
