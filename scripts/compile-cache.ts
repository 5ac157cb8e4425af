import { join } from 'node:path';

const folder = join(
  import.meta.dirname,
  '..',
  'node_modules',
  '.cache',
  'edc-job-provisioner',
  'compile-cache',
);

/**
 * Lets child processes share compiled code: tests start hundreds of processes of one program, and half of the CPU time of
 * a start strips types. Coverage runs without it, since it would lose precision. Either variable keeps npm from writing
 * a cache of its own into the folder for temporary files.
 */
export function withCompileCache(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (env['NODE_V8_COVERAGE'] !== undefined) return { NODE_DISABLE_COMPILE_CACHE: '1', ...env };
  return { NODE_COMPILE_CACHE: folder, ...env };
}
