import { once } from 'node:events';
import type { Middleware } from 'koa';
import { boundSignal } from '../../until-aborted.ts';
import type { HttpState } from '../route.ts';

/**
 * A route that `holdsErrors` sends an error of ours no earlier than `millis` after its request: a connector repeats a 5xx immediately and
 * endlessly (thousands of times a second), whatever Retry-After says. Counted from the request, so that the hold stays within the deadline.
 */
export function busyHold({ millis }: { millis: number }): Middleware<HttpState> {
  return async function busyHold(ctx, next) {
    await next();
    const { arrivedAt, route, signal } = ctx.state;
    // Without a route, the client may be a connector with a wrong path.
    const holdsErrors = route === undefined || route.holdsErrors === true;
    const left = arrivedAt + millis - performance.now();
    if (ctx.status < 500 || !holdsErrors || left <= 0 || signal.aborted) return;
    using hold = boundSignal(signal, left);
    await once(hold.signal, 'abort');
  };
}
