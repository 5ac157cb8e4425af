import type { Middleware, ParameterizedContext } from 'koa';
import type { Redact } from '../../redact-secrets.ts';
import { isServiceError, messageOf, ServiceError } from '../../errors.ts';
import { createRepeatLimit } from '../limit-repeats.ts';
import { sendProblem, problemOf, type Problem } from '../problem.ts';
import { kindOf, type Refusals } from '../refusals.ts';
import type { HttpState } from '../route.ts';

export interface ErrorProblemsDependencies {
  refusals: Refusals;
  redact: Redact;
}

const detailLength = 300;

type Context = ParameterizedContext<HttpState>;

/**
 * Turns every error into `application/problem+json`. An error of ours (5xx) is logged with its cause, which the client never sees; a
 * refusal (4xx) with its reason, since connectors do not show it. Repeated errors are logged once, then counted.
 */
export function errorProblems({ refusals, redact }: ErrorProblemsDependencies): Middleware<HttpState> {
  const isFirst = createRepeatLimit();
  function logFailure({ state: { log, route } }: Context, error: unknown): void {
    const first = isFirst(JSON.stringify([route?.path, messageOf(error)]), (more) => {
      log.error({ more, problem: messageOf(error) }, 'requests failed again');
    });
    if (first) log.error({ err: error }, 'request failed');
  }
  function recordRefusal({ state }: Context, error: ServiceError, { status }: Problem): void {
    const { connector, log } = state;
    const refusal = {
      status,
      code: error.code,
      ...(error.field === undefined ? {} : { field: error.field }),
      detail: redact(error.message).slice(0, detailLength),
      path: state.shownPath,
    };
    // A request without a route may come from a connector with a wrong path.
    const { tag = 'connectors' } = state.route?.operation ?? {};
    if (tag === 'connectors') refusals.record(connector, refusal);
    const level = tag === 'connectors' ? 'warn' : 'info';
    const first = isFirst(`refusal ${connector ?? ''} ${kindOf(refusal)}`, (more) => {
      log[level]({ connector, ...refusal, more }, 'requests refused again');
    });
    if (first) log[level]({ connector, ...refusal }, 'request refused');
    state.repeatedRefusal = !first;
  }
  return async function errorProblems(ctx, next) {
    try {
      await next();
    } catch (thrown) {
      const error = translate(thrown);
      const problem = problemOf(error);
      // After the client has left, an abort is no refusal.
      if (!ctx.state.signal.aborted) {
        if (problem.status >= 500) logFailure(ctx, error);
        else if (error instanceof ServiceError) recordRefusal(ctx, error, problem);
      }
      // A 401 has to name the scheme (RFC 9110 section 11.6.1).
      if (problem.status === 401 && !ctx.headerSent && !ctx.res.hasHeader('WWW-Authenticate'))
        ctx.set('WWW-Authenticate', 'Bearer');
      // After the first byte no status can be sent: only a closed socket tells the client.
      if (ctx.headerSent) ctx.req.socket.destroy();
      else sendProblem(ctx, problem);
    }
  };
}

/** Koa and its router throw errors with a status. */
function translate(error: unknown): unknown {
  if (isServiceError(error)) return error;
  const { status } = error as { status?: unknown };
  if (typeof status !== 'number' || status < 400 || status >= 500) return error;
  const message = 'the request cannot be read: expected a well-formed path and headers';
  return new ServiceError('invalid-request', message, { cause: error });
}
