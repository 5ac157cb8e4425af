import type { Middleware } from 'koa';
import type { HttpState } from '../route.ts';

/**
 * To a connector an error of ours leaves no earlier than this after its request came: a connector repeats a 5xx at once and without end
 * (thousands of times a second), whatever Retry-After says. Counted from the request, so that it stays within the deadline. People,
 * probes and receivers of results do not do that and are not held.
 */
export function busyHold({ millis }: { millis: number }): Middleware<HttpState> {
  return async function busyHold(ctx, next) {
    await next();
    const { tag = 'connectors' } = ctx.state.route?.operation ?? {};
    const left = ctx.state.arrivedAt + millis - performance.now();
    if (ctx.status >= 500 && tag === 'connectors' && left > 0) await hold(left, ctx.state.signal);
  };
}

/** Nobody is held any longer who has left. */
async function hold(millis: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const over = Promise.withResolvers<undefined>();
  function end(): void {
    over.resolve(undefined);
  }
  const timer = setTimeout(end, millis);
  signal.addEventListener('abort', end, { once: true });
  await over.promise;
  clearTimeout(timer);
  signal.removeEventListener('abort', end);
}
