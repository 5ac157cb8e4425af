import { trimSlashes } from '../addresses.ts';

/**
 * Whether an address lies at or below a configured prefix: the same origin and whole path segments. Only one spelling of a path is taken:
 * whatever a proxy or a servlet container may decode, strip or fold on its way (`..%2f`, `..;`, `\`, `//`) is refused, since it may lead
 * somewhere else than it reads. Decided before any connection is made.
 */
export function isBelowPrefix(address: string, prefix: string): boolean {
  if (!isPlain(address) || !URL.canParse(address) || !URL.canParse(prefix)) return false;
  const [inner, outer] = [new URL(address), new URL(prefix)];
  const [path, base] = [trimSlashes(inner.pathname), trimSlashes(outer.pathname)];
  return inner.origin === outer.origin && (path === base || path.startsWith(`${base}/`));
}

/** Printable ASCII with a scheme and two slashes, and neither user, query nor fragment, not even empty ones. */
const form = /^https?:\/\/[^/?#@\\]+((?:\/[!-~]*)?)$/i;

function isPlain(address: string): boolean {
  const [, path] = form.exec(address) ?? [];
  if (path === undefined || /[?#\\]/.test(path)) return false;
  const segments = path.split('/').slice(1);
  // A final slash is the one empty segment that means nothing.
  if (segments.at(-1) === '') segments.pop();
  return segments.every(isPlainSegment);
}

/** Decoded once, it has nothing that ends, leaves or parameterises a segment, and nothing that could be decoded again. */
function isPlainSegment(segment: string): boolean {
  if (segment === '' || /^\.\.?$|%2e/i.test(segment)) return false;
  try {
    return !/[/\\;%\p{Cc}]/u.test(decodeURIComponent(segment));
  } catch {
    // Broken or overlong encoding.
    return false;
  }
}

/** For messages: what a prefix is compared with, without a password. */
export function showAddress(address: string): string {
  if (!URL.canParse(address)) return 'no URL';
  const { origin, pathname } = new URL(address);
  return `${origin}${pathname}`.slice(0, 200);
}

/** Base and segments as one URL; each segment is encoded, so that an id cannot leave its place. */
export function urlBelow(base: string, ...segments: string[]): string {
  return [trimSlashes(base), ...segments.map((segment) => encodeURIComponent(segment))].join('/');
}
