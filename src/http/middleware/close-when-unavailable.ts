import type { Middleware } from 'koa';
import type { HttpState } from '../route.ts';

/**
 * A route that `closesWhenUnavailable` sends no 503 but closes the connection: its clients take every answer for final, and repeat a request
 * whose connection was lost.
 */
export function closeWhenUnavailable(): Middleware<HttpState> {
  return async function closeWhenUnavailable(ctx, next) {
    await next();
    if (ctx.status !== 503 || ctx.state.route?.closesWhenUnavailable !== true) return;
    ctx.respond = false;
    ctx.req.socket.destroy();
  };
}
