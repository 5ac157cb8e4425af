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
 * Lets every Node below keep the code it has compiled: tests start hundreds of processes of one program, and half of the CPU
 * time of such a start is taking types out of it. Coverage would lose its precision.
 * Either way npm puts none of its own into the folder for temporary files.
 */
export function withCompileCache(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (env['NODE_V8_COVERAGE'] !== undefined) return { NODE_DISABLE_COMPILE_CACHE: '1', ...env };
  return { NODE_COMPILE_CACHE: folder, ...env };
}
