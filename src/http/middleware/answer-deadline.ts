import type { Middleware } from 'koa';
import type { Metrics } from '../../metrics.ts';
import type { HttpState } from '../route.ts';

const deadlines = new WeakMap<HttpState, () => void>();

/**
 * Outermost: an answer is flushed within the deadline, or the socket is destroyed. A connector that gets no answer waits 30
 * seconds and lets all its other transfers wait with it; one whose socket is closed backs off.
 */
export function answerDeadline({
  millis,
  metrics,
}: {
  millis: number;
  metrics: Metrics;
}): Middleware<HttpState> {
  return async function answerDeadline(ctx, next) {
    const { req, res, state } = ctx;
    const over = new AbortController();
    state.arrivedAt = performance.now();
    state.signal = over.signal;
    function breakOff(): void {
      metrics.httpDeadlines.inc();
      over.abort(new Error(`no answer within ${millis} ms`));
      req.socket.destroy();
    }
    const timer = setTimeout(breakOff, millis);
    const bound = { holds: true };
    function exempt(): void {
      bound.holds = false;
      clearTimeout(timer);
    }
    res.once('close', () => {
      clearTimeout(timer);
      if (!res.writableFinished) over.abort(new Error('the client has gone'));
    });
    deadlines.set(state, exempt);
    await next();
    // A process that was held up for long comes here before its timer: a late answer is worse than none, since a callback
    // may be on its way by now.
    if (!bound.holds || over.signal.aborted || performance.now() - state.arrivedAt < millis) return;
    ctx.respond = false;
    breakOff();
  };
}

/** For what streams or waits: from here on only the client's leaving aborts `state.signal`. */
export function exemptFromDeadline(state: HttpState): void {
  deadlines.get(state)?.();
}
