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
  return async function answerDeadline({ req, res, state }, next) {
    const over = new AbortController();
    state.arrivedAt = performance.now();
    state.signal = over.signal;
    const timer = setTimeout(() => {
      metrics.httpDeadlines.inc();
      over.abort(new Error(`no answer within ${millis} ms`));
      req.socket.destroy();
    }, millis);
    res.once('close', () => {
      clearTimeout(timer);
      if (!res.writableFinished) over.abort(new Error('the client has gone'));
    });
    deadlines.set(state, () => {
      clearTimeout(timer);
    });
    await next();
  };
}

/** For what streams or waits: from here on only the client's leaving aborts `state.signal`. */
export function exemptFromDeadline(state: HttpState): void {
  deadlines.get(state)?.();
}
