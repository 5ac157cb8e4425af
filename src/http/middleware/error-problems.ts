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

const longestDetail = 300;

type Context = ParameterizedContext<HttpState>;

/**
 * Every error becomes `application/problem+json`. One of ours (5xx) is logged with its cause, which the client never sees; a
 * refusal (4xx) is logged with its reason, since a connector never shows it. Of many alike the log has the first, and their number.
 */
export function errorProblems({ refusals, redact }: ErrorProblemsDependencies): Middleware<HttpState> {
  const isFirst = createRepeatLimit();
  function logFailure({ state: { log, route } }: Context, error: unknown): void {
    const first = isFirst(JSON.stringify([route?.path, messageOf(error)]), (more) => {
      log.error({ more, problem: messageOf(error) }, 'requests failed again');
    });
    if (first) log.error({ err: error }, 'request failed');
  }
  function noteRefusal({ state }: Context, error: ServiceError, { status }: Problem): void {
    const { connector: connector, log } = state;
    const refusal = {
      status,
      code: error.code,
      ...(error.field === undefined ? {} : { field: error.field }),
      detail: redact(error.message).slice(0, longestDetail),
      path: state.shownPath,
    };
    // What no route has may be a connector with a wrong path.
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
      // Of a client that has left nothing was refused.
      if (!ctx.state.signal.aborted) {
        if (problem.status >= 500) logFailure(ctx, error);
        else if (error instanceof ServiceError) noteRefusal(ctx, error, problem);
      }
      // Once bytes are out there is no status left to send: a closed socket is the only way to say it.
      if (ctx.headerSent) ctx.req.socket.destroy();
      else sendProblem(ctx, problem);
    }
  };
}

/** Koa and its router throw errors that carry a status. */
function translate(error: unknown): unknown {
  if (isServiceError(error)) return error;
  const { status } = error as { status?: unknown };
  if (typeof status !== 'number' || status < 400 || status >= 500) return error;
  const message = 'the request cannot be read: expected a well-formed path and headers';
  return new ServiceError('invalid-request', message, { cause: error });
}
