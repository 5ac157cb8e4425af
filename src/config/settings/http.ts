import { Type } from 'typebox';
import { closed } from '../../schemas/kinds.ts';
import { choice, httpUrl, integer, text } from './kinds.ts';

/** A body holds one request with its policy; a real one has 450 bytes. */
const bodyLimit = { min: 1024, max: 16_777_216, default: 262_144 };

export const HttpSettings = closed({
  host: text({ default: '0.0.0.0', description: 'Address to listen on.' }),
  port: integer({ min: 0, max: 65_535, default: 8080 }, 'Port to listen on; 0 takes a free one.'),
  metricsPort: Type.Optional(
    integer(
      { min: 0, max: 65_535 },
      'Port of its own for GET /metrics, which is then nowhere else, and for the details of GET /health. Default: http.port.',
    ),
  ),
  publicUrl: Type.Optional(
    httpUrl({
      description: 'Where people reach this service from outside. Default: http://localhost:<port>.',
    }),
  ),
  // A provisioner that stays silent blocks every transfer of a connector for 30 seconds.
  answerDeadlineMillis: integer(
    { min: 100, max: 25_000, default: 3000 },
    'An answer is flushed within this, else its socket is destroyed.',
  ),
  drainMillis: integer({ min: 0, max: 300_000, default: 5000 }, 'While draining: not ready, but serving.'),
  shutdownMillis: integer(
    { min: 0, max: 300_000, default: 10_000 },
    'After the listener has closed: for answers that are still under way.',
  ),
  // A connector repeats any 500 to 504 at once and without end, whatever Retry-After says.
  busyHoldMillis: integer(
    { min: 0, max: 20_000, default: 2000 },
    'A 5xx of ours leaves no earlier than this after its request came; less than answerDeadlineMillis.',
  ),
  bodyLimitBytes: integer(bodyLimit, 'Largest body of a request.'),
  // Not `loopback`: a proxy on this machine that sets no forwarding header makes everybody look like this machine.
  unauthenticated: choice(['off', 'loopback', 'on'], {
    default: 'off',
    description:
      'Who may use paths without a token (POST /provision, GET /demo): nobody, this machine, everybody.',
  }),
});
