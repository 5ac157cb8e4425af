import type { Middleware, ParameterizedContext } from 'koa';
import { ServiceError } from '../../errors.ts';
import type { HttpState } from '../route.ts';

/** Below the router: nothing took the request. */
export function unrouted(methodsAt: (path: string) => string[]): Middleware<HttpState> {
  return function unrouted(ctx) {
    const methods = methodsAt(ctx.path);
    if (methods.length > 0) checkMethod(ctx, methods);
    throw new ServiceError('not-found', 'nothing is served under this path');
  };
}

export function checkMethod(ctx: Pick<ParameterizedContext, 'method' | 'set'>, methods: string[]): void {
  if (methods.includes(ctx.method)) return;
  const allow = [...new Set(methods)].join(', ');
  ctx.set('Allow', allow);
  throw new ServiceError('method-not-allowed', `the method: expected one of ${allow}`);
}
