import { ServiceError } from '../errors.ts';
import type { HttpContext, Route } from './route.ts';

/**
 * Throws `not-acceptable` for a client that accepts none of the types of the operation's answer. An operation that answers with bytes of any
 * type accepts all clients: they cannot know the type of a file before they get it.
 */
export function checkAccept(
  ctx: Pick<HttpContext, 'accepts' | 'get'>,
  { responses }: Route['operation'],
): void {
  const good = Object.entries(responses).filter(([status]) => status.startsWith('2'));
  if (good.length === 0 || good.some(([, { schema, contentType }]) => (schema ?? contentType) === undefined))
    return;
  const types = [...new Set(good.map(([, { contentType = 'application/json' }]) => contentType))];
  if (types.includes('*/*') || ctx.accepts(types) !== false) return;
  throw new ServiceError(
    'not-acceptable',
    `Accept: expected ${types.join(' or ')}, or no such header, received ${JSON.stringify(ctx.get('Accept').slice(0, 100))}`,
    { field: 'Accept' },
  );
}
