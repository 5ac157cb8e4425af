import type { Middleware } from 'koa';
import { ServiceError } from '../../errors.ts';
import type { HttpState, Route } from '../route.ts';

/** Below the router: nothing took the request. */
export function unrouted(matches: (path: string) => Route['method'][]): Middleware<HttpState> {
  return function unrouted(ctx) {
    const methods = matches(ctx.path).flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
    if (methods.length === 0) throw new ServiceError('not-found', 'nothing is served under this path');
    const allow = [...new Set(methods)].join(', ');
    ctx.set('Allow', allow);
    ctx.status = 405;
    ctx.body = JSON.stringify({
      type: 'urn:edc-job-provisioner:problem:method-not-allowed',
      title: 'Method not allowed',
      status: 405,
      detail: `expected one of ${allow}`,
    });
    ctx.type = 'application/problem+json';
    return Promise.resolve();
  };
}
