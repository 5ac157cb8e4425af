import { encodeSegment } from '../addresses.ts';
import type { HttpContext, Route } from './route.ts';

/** The day on which the paths with a successor were made (RFC 9745): they were never meant for new clients. */
const deprecatedAt = '@1795824000';

/** Names the path that clients should use (RFC 5829), also with a refusal. */
export function announceSuccessor(
  ctx: Pick<HttpContext, 'params' | 'set'>,
  { successor }: Pick<Route, 'successor'>,
  publicUrl: string,
): void {
  if (successor === undefined) return;
  const path = fillKnown(successor, ctx.params);
  ctx.set({ Deprecation: deprecatedAt, Link: `<${publicUrl}${path}>; rel="successor-version"` });
}

/** The pattern up to the first parameter that the request's path does not have. */
function fillKnown(pattern: string, params: Readonly<Record<string, string>>): string {
  const segments = pattern.split('/');
  const unknown = segments.findIndex((segment) => /^[:*]/.test(segment) && !(segment.slice(1) in params));
  return segments
    .slice(0, unknown === -1 ? undefined : unknown)
    .map((segment) => (segment.startsWith(':') ? encodeSegment(params[segment.slice(1)] ?? '') : segment))
    .join('/');
}
