import type { Middleware } from 'koa';
import { ServiceError, isServiceError } from '../../errors.ts';
import { problemOf } from '../problem.ts';
import type { HttpContext, HttpState } from '../route.ts';

/** Every error becomes `application/problem+json`; one of ours (5xx) is logged with its cause, which the client never sees. */
export function errorProblems(): Middleware<HttpState> {
  return async function errorProblems(ctx, next) {
    try {
      await next();
    } catch (thrown) {
      const error = translate(thrown);
      const problem = problemOf(error);
      if (problem.status >= 500 && !ctx.state.signal.aborted)
        ctx.state.log.error({ err: error }, 'request failed');
      // Once bytes are out there is no status left to send: a closed socket is the only way to say it.
      if (ctx.headerSent) ctx.req.socket.destroy();
      else answerProblem(ctx, problem);
    }
  };
}

function answerProblem(
  ctx: HttpContext | Parameters<Middleware<HttpState>>[0],
  problem: ReturnType<typeof problemOf>,
): void {
  ctx.status = problem.status;
  ctx.body = JSON.stringify(problem);
  ctx.type = 'application/problem+json';
}

/** Koa, its router and its body parser throw errors that carry a status. */
function translate(error: unknown): unknown {
  if (isServiceError(error)) return error;
  const { status } = error as { status?: unknown };
  if (status === 413)
    return new ServiceError('payload-too-large', 'the body is larger than http.bodyLimitBytes', {
      cause: error,
    });
  if (status === 415)
    return new ServiceError('unsupported-media-type', 'the Content-Encoding is not supported', {
      cause: error,
    });
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new ServiceError(
      'invalid-request',
      'the request cannot be read: expected a well-formed path and a body of valid JSON',
      { cause: error },
    );
  }
  return error;
}
