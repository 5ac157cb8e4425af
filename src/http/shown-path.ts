import type { Redact } from '../redact-secrets.ts';
import type { Route } from './route.ts';

const longest = 300;

/** A route's pattern with the parameters that are no secret: `/connectors/edc/:token/provision`. */
export function showMatched(
  { path, secret = [] }: Pick<Route, 'path' | 'secret'>,
  params: Readonly<Record<string, string>>,
  redact: Redact,
): string {
  const shown = path.replaceAll(/[:*](\w+)/g, (pattern, name: string) => {
    const value = params[name];
    return value === undefined || secret.includes(name) ? pattern : encodeURI(redact(value).toWellFormed());
  });
  return shown.slice(0, longest);
}

/**
 * The first segment of a path that no route has, if it can be no token: a proxy may put a prefix before a path that holds one, or
 * take too much of it away. Tokens have at least 16 characters.
 */
export function showUnmatched(path: string, redact: Redact): string {
  const [first = '', ...rest] = path.split('/').filter((segment) => segment !== '');
  const segment = /^[\w.-]{1,15}$/.test(first) ? redact(first) : '…';
  return `/${first === '' ? '' : segment}${rest.length === 0 ? '' : '/…'}`;
}
