import type { Middleware } from 'koa';
import { ServiceError } from '../../errors.ts';
import type { HttpState } from '../route.ts';

/** Refuses heads that Node would refuse with an empty body (RFC 9112 section 3.2, RFC 9110 section 10.1.1). */
export function checkHead(): Middleware<HttpState> {
  return async function checkHead({ req, request }, next) {
    if (req.httpVersion === '1.1' && req.headers.host === undefined)
      throw new ServiceError('invalid-request', 'Host: expected this header', { field: 'Host' });
    const { expect } = req.headers;
    const expectation = 'Expect: expected 100-continue, or no such header';
    if (expect !== undefined && !/^100-continue$/i.test(expect))
      throw new ServiceError('expectation-failed', expectation, { field: 'Expect' });
    if (pathOf(request) === undefined)
      throw new ServiceError('invalid-request', 'the path cannot be read: expected a well-formed URL');
    await next();
  };
}

/** Undefined if the URL is malformed, in which case Koa throws. */
export function pathOf(request: { path: string }): string | undefined {
  try {
    return request.path;
  } catch {
    return undefined;
  }
}
