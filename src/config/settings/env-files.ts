import { closed } from '../../schemas/kinds.ts';
import { integer } from './kinds.ts';

/** Env files of assets, handed in by the API. */
export const EnvFilesSettings = closed({
  // A Secret holds 1 MiB.
  maxBytes: integer({ min: 1, max: 786_432, default: 65_536 }, 'Largest env file.'),
  maxVariables: integer({ min: 1, max: 10_000, default: 500 }, 'Variables of one env file.'),
  versions: integer({ min: 1, max: 100, default: 10 }, 'Versions that are kept of an env file.'),
});
