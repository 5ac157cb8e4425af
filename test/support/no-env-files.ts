import type { EnvFileSource } from '../../src/env-files/env-file.ts';

/** For tests of what has nothing to do with env files. */
export const noEnvFiles: EnvFileSource = { current: () => Promise.resolve([]) };
