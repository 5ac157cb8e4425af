import { closed } from '../../schemas/kinds.ts';
import { integer } from './kinds.ts';

const day = 86_400;

/** Input files that people hand in. */
export const UploadsSettings = closed({
  maxBytes: integer({ min: 1, max: 80 * 1024 ** 3, default: 500_000_000 }, 'Bytes of one upload.'),
  maxPresignedBytes: integer(
    { min: 1, max: 5 * 1024 ** 4, default: 80 * 1024 ** 3 },
    'Bytes of one upload whose parts the client sends to the store.',
  ),
  // Each holds 8 MiB of its file in memory.
  concurrency: integer(
    { min: 1, max: 1000, default: 8 },
    'Uploads that one replica receives at once; another one gets a 503.',
  ),
  idleSeconds: integer({ min: 1, max: 3600, default: 60 }, 'An upload ends after this time without a byte.'),
  totalSeconds: integer({ min: 1, max: day, default: 3600 }, 'Time for one upload.'),
  keepSeconds: integer(
    { min: 60, max: 30 * day, default: day },
    'Time after which an upload is deleted; at least totalSeconds.',
  ),
});
