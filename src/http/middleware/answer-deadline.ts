import type { Middleware } from 'koa';
import { ServiceError } from '../../errors.ts';
import type { Metrics } from '../../metrics.ts';
import type { HttpState } from '../route.ts';

interface AnswerDeadlineOptions {
  millis: number;
  metrics: Metrics;
}

/**
 * Outermost: an answer is flushed within the deadline, or its socket is destroyed. A connector without an answer waits 30 seconds and
 * delays all its other transfers; a connector whose socket is closed backs off. Routes that stream or wait are exempt: then only a client
 * that leaves aborts `state.signal`.
 */
export function answerDeadline({ millis, metrics }: AnswerDeadlineOptions): Middleware<HttpState> {
  return async function answerDeadline(ctx, next) {
    const { req, res, state } = ctx;
    const controller = new AbortController();
    state.arrivedAt = performance.now();
    state.signal = controller.signal;
    function enforce(): void {
      if (state.route?.deadline === 'exempt' || state.receives === true) return;
      ctx.respond = false;
      metrics.httpDeadlines.inc();
      controller.abort(new ServiceError('deadline-exceeded', `no answer within ${millis} ms`));
      req.socket.destroy();
    }
    const timer = setTimeout(enforce, millis);
    res.once('close', () => {
      clearTimeout(timer);
      if (!res.writableFinished) controller.abort(new Error('the client has gone'));
    });
    await next();
    // If the event loop was blocked, this runs before the timer. A late answer is worse than none: its callback may be under way.
    if (!controller.signal.aborted && performance.now() - state.arrivedAt >= millis) enforce();
  };
}
