import type { IncomingMessage } from 'node:http';
import { isLoopback } from '../addresses.ts';
import type { HttpConfig } from '../config/config.ts';

/**
 * Whether a request may use a path without a token. `loopback` allows programs on this machine, but no web page whose host name was made to
 * resolve to it. A proxy on this machine is recognised by forwarding headers alone, and a default nginx sends none: `loopback` is for `dev`,
 * never for a service that a proxy can reach.
 */
export function unauthenticatedAllowed(
  { socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>,
  unauthenticated: HttpConfig['unauthenticated'],
): boolean {
  if (unauthenticated !== 'loopback') return unauthenticated === 'on';
  const forwarded = headers['forwarded'] ?? headers['x-forwarded-for'] ?? headers['x-real-ip'];
  return (
    forwarded === undefined &&
    isLoopback(socket.remoteAddress ?? '') &&
    isLoopback((headers.host ?? '').replace(/:\d+$/, ''))
  );
}
