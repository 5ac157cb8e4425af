/**
 * Whether an address lies at or below a configured prefix: the same origin and whole path segments, after the normalisation
 * that a request would go through (`..` in any spelling is resolved first). Decided before any connection is made.
 */
export function isBelowPrefix(address: string, prefix: string): boolean {
  if (!URL.canParse(address) || !URL.canParse(prefix)) return false;
  const [inner, outer] = [new URL(address), new URL(prefix)];
  if (inner.username + inner.password + inner.search + inner.hash !== '') return false;
  const [path, base] = [trimSlashes(inner.pathname), trimSlashes(outer.pathname)];
  return inner.origin === outer.origin && (path === base || path.startsWith(`${base}/`));
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

function trimSlashes(text: string): string {
  return text.replace(/\/+$/, '');
}
