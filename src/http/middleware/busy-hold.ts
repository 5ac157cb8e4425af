import type { Middleware } from 'koa';
import type { HttpState } from '../route.ts';

/**
 * An error of ours leaves a route that `holdsErrors` no earlier than this after its request came: a connector repeats a 5xx at once and
 * without end (thousands of times a second), whatever Retry-After says. Counted from the request, so that it stays within the deadline.
 */
export function busyHold({ millis }: { millis: number }): Middleware<HttpState> {
  return async function busyHold(ctx, next) {
    await next();
    // Without a route nobody knows who asks.
    const { holdsErrors } = ctx.state.route ?? { holdsErrors: true };
    const left = ctx.state.arrivedAt + millis - performance.now();
    if (ctx.status >= 500 && holdsErrors === true && left > 0) await hold(left, ctx.state.signal);
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
