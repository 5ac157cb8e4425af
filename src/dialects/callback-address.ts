import { trimSlashes } from '../addresses.ts';
import { ServiceError } from '../errors.ts';
import type { CalledBack } from './dialect.ts';

/**
 * Whether an address is at or below a configured prefix: the same origin and whole path segments. Refuses every spelling that a proxy or a
 * servlet container may decode, strip or fold (`..%2f`, `..;`, `\`, `//`), since it may lead to another path.
 */
export function isBelowPrefix(address: string, prefix: string): boolean {
  if (!isPlain(address) || !URL.canParse(address) || !URL.canParse(prefix)) return false;
  const [inner, outer] = [new URL(address), new URL(prefix)];
  const [path, base] = [trimSlashes(inner.pathname), trimSlashes(outer.pathname)];
  return inner.origin === outer.origin && (path === base || path.startsWith(`${base}/`));
}

/** Printable ASCII with a scheme and two slashes, without user, query or fragment, even empty ones. */
const form = /^https?:\/\/[^/?#@\\]+((?:\/[!-~]*)?)$/i;

function isPlain(address: string): boolean {
  const [, path] = form.exec(address) ?? [];
  if (path === undefined || /[?#\\]/.test(path)) return false;
  const segments = path.split('/').slice(1);
  // Only a final slash may make an empty segment.
  if (segments.at(-1) === '') segments.pop();
  return segments.every(isPlainSegment);
}

/** Decoded once, it has no character that ends, leaves or parameterises a segment, and none that could be decoded again. */
function isPlainSegment(segment: string): boolean {
  if (segment === '' || /^\.\.?$|%2e/i.test(segment)) return false;
  try {
    return !/[/\\;%\p{Cc}]/u.test(decodeURIComponent(segment));
  } catch {
    // The encoding is broken or overlong.
    return false;
  }
}

/** The address for error messages, without user, password and query. */
export function showAddress(address: string): string {
  if (!URL.canParse(address)) return 'no URL';
  const { origin, pathname } = new URL(address);
  return `${origin}${pathname}`.slice(0, 200);
}

/** To be called before anything is stored. Throws `invalid-request`. */
export function checkCallbackAddress(address: string, { callbackPrefix }: CalledBack): void {
  if (isBelowPrefix(address, callbackPrefix)) return;
  throw new ServiceError(
    'invalid-request',
    `callbackAddress: expected an address below ${callbackPrefix}, in plain spelling, received ${showAddress(address)}`,
    { field: 'callbackAddress' },
  );
}

/** Base and segments as one URL. Encodes each segment, so that an id cannot add or leave one. */
export function urlBelow(base: string, ...segments: string[]): string {
  return [trimSlashes(base), ...segments.map((segment) => encodeURIComponent(segment))].join('/');
}
