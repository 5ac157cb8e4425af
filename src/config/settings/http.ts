import { Type } from 'typebox';
import { closed } from '../../schemas/kinds.ts';
import { choice, httpUrl, integer, text } from './kinds.ts';

/** A body holds one request with its policy; a usual one has 450 bytes. */
const bodyLimit = { min: 1024, max: 16_777_216, default: 262_144 };

export const HttpSettings = closed({
  host: text('Address to listen on.', { default: '0.0.0.0' }),
  port: integer({ min: 0, max: 65_535, default: 8080 }, 'Port to listen on; 0 takes a free one.'),
  metricsPort: Type.Optional(
    integer(
      { min: 0, max: 65_535 },
      'Separate port for /metrics and the details of /health. Default: http.port.',
    ),
  ),
  publicUrl: Type.Optional(
    httpUrl('Address by which receivers reach the service. Default: http://localhost:<port>.'),
  ),
  // A provisioner that stays silent blocks every transfer of a connector for 30 seconds.
  answerDeadlineMillis: integer(
    { min: 100, max: 25_000, default: 3000 },
    'An answer is sent within this time, else its socket is destroyed.',
  ),
  drainMillis: integer(
    { min: 0, max: 300_000, default: 5000 },
    'Time for which a stopping service is not ready, but still serves.',
  ),
  shutdownMillis: integer(
    { min: 0, max: 300_000, default: 10_000 },
    'Time for answers that are under way when the listener is closed.',
  ),
  // A connector repeats a request that got 500 to 504 immediately and endlessly, whatever Retry-After says.
  busyHoldMillis: integer(
    { min: 0, max: 20_000, default: 2000 },
    'Least time before a connector is answered 5xx; less than answerDeadlineMillis.',
  ),
  bodyLimitBytes: integer(bodyLimit, 'Largest body of a request.'),
  // Not `loopback`: a proxy on this machine that sets no forwarding header makes everybody look like this machine.
  unauthenticated: choice(
    'Who needs neither token nor key: nobody, this machine, everybody.',
    ['off', 'loopback', 'on'],
    { default: 'off' },
  ),
  docs: Type.Optional(
    choice('Whether /docs and /redoc are served. Default: on if http.host is a loopback address.', [
      'on',
      'off',
    ]),
  ),
});
