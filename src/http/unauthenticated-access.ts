import type { IncomingMessage } from 'node:http';
import { isLoopback } from '../addresses.ts';
import type { HttpConfig } from '../config/config.ts';

/**
 * Whether a path that needs no token may be used. `loopback` means a program on this machine, not a web page whose host name was
 * made to point here. A proxy on this machine is recognised by its forwarding headers alone, and a default nginx sends none: this is
 * for `dev`, never for a service that a proxy can reach.
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
