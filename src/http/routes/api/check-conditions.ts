import { ServiceError } from '../../../errors.ts';
import { includesTag } from '../../../result/conditional-request.ts';
import type { HttpContext } from '../../route.ts';

interface Current {
  /** Absent if there is nothing. */
  etag: string | undefined;
  /** For messages. */
  isThere: string;
}

/** Compares the headers of a change with the current version (RFC 9110 section 13.1). Throws `condition-failed`. */
export function checkConditions(ctx: Pick<HttpContext, 'get'>, { etag, isThere }: Current): void {
  const ifMatch = ctx.get('If-Match');
  const ifNoneMatch = ctx.get('If-None-Match');
  if (ifMatch !== '' && (etag === undefined || !includesTag(ifMatch, etag)))
    throw failed('If-Match', 'the ETag of the current version', isThere);
  if (ifNoneMatch !== '' && etag !== undefined && includesTag(ifNoneMatch, etag))
    throw failed('If-None-Match', 'another version, or none', isThere);
}

/** Whether the client of a GET has this version already. */
export function isUnchanged(ctx: Pick<HttpContext, 'get'>, etag: string): boolean {
  return includesTag(ctx.get('If-None-Match').replaceAll('W/"', '"'), etag);
}

function failed(field: string, expected: string, isThere: string): ServiceError {
  return new ServiceError('condition-failed', `${field}: expected ${expected}; there is ${isThere}`, {
    field,
  });
}
