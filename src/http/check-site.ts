import { ServiceError } from '../errors.ts';
import type { HttpContext } from './route.ts';

/** Web pages of other sites must not start jobs by a GET. */
export function checkSite(ctx: HttpContext): void {
  if (!['', 'none', 'same-origin'].includes(ctx.get('Sec-Fetch-Site'))) {
    throw new ServiceError('forbidden', 'expected a request that no other site has caused');
  }
}
