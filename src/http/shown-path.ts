import type { Redact } from '../redact-secrets.ts';
import type { Route } from './route.ts';

const shownLength = 300;

/** A route's pattern with the values of parameters that are not secret: `/connectors/edc/:token/provision`. */
export function showMatched(
  { path, secret = [] }: Pick<Route, 'path' | 'secret'>,
  params: Readonly<Record<string, string>>,
  redact: Redact,
): string {
  const shown = path.replaceAll(/[:*](\w+)/g, (pattern, name: string) => {
    const value = params[name];
    return value === undefined || secret.includes(name) ? pattern : encodeURI(redact(value).toWellFormed());
  });
  return shown.slice(0, shownLength);
}

/**
 * The first segment of a path without a route, unless it may be a token, which has at least 16 characters: a proxy may have added a prefix
 * to a path with a token, or removed too much of it.
 */
export function showUnmatched(path: string, redact: Redact): string {
  const [first = '', ...rest] = path.split('/').filter((segment) => segment !== '');
  const segment = /^[\w.-]{1,15}$/.test(first) ? redact(first) : '…';
  return `/${first === '' ? '' : segment}${rest.length === 0 ? '' : '/…'}`;
}
