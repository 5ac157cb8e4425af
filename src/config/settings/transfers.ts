import { Type } from 'typebox';
import { closed } from '../../schemas/kinds.ts';
import { integer } from './kinds.ts';

const month = 30 * 86_400;

export const TransfersSettings = closed({
  // Each holds up to a few parts of its file in memory.
  concurrency: integer({ min: 1, max: 64, default: 4 }, 'Pushes and fetches at once.'),
  perConnector: integer({ min: 1, max: 64, default: 2 }, 'Of these, the most for one connector.'),
  idleSeconds: integer(
    { min: 1, max: 3600, default: 60 },
    'An attempt ends after this time in which no byte moves and no answer comes.',
  ),
  attempts: integer(
    { min: 1, max: 100, default: 5 },
    'Attempts in a row that bring no progress, after which others get the place.',
  ),
  retryAfterSeconds: integer(
    { min: 0, max: 3600, default: 60 },
    'A longer Retry-After of a sink or a provider is cut to this.',
  ),
  totalSeconds: Type.Optional(
    integer(
      { min: 1, max: month },
      'Time after which a push or a fetch is given up. Default: reconciler.deliverySeconds.',
    ),
  ),
  maxReceivedBytes: integer(
    { min: 1, max: 5 * 1024 ** 4, default: 80 * 1024 ** 3 },
    'Bytes that a consumer’s flow may receive, pushed or fetched.',
  ),
  // Each upload holds a part of its file in memory, 8 MiB of most files.
  maxUploads: integer(
    { min: 1, max: 1000, default: 8 },
    'Uploads that one replica receives at once; another one gets a 503.',
  ),
});
