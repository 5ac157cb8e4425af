import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { withCompileCache } from '../../../scripts/compile-cache.ts';

const bin = new URL('../../../bin/edc-job-provisioner.js', import.meta.url).href;
const script = `
  import { getCompileCacheDir } from 'node:module';
  process.argv.push('', '--version');
  await import(${JSON.stringify(bin)});
  console.log(getCompileCacheDir());
`;

async function folderWith(env: NodeJS.ProcessEnv): Promise<string> {
  const args = ['--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  return stdout.trim().split('\n').at(-1) ?? '';
}

test('a command keeps compiled code where the tests keep it, and none while coverage is measured', async () => {
  const { NODE_COMPILE_CACHE: folder = '' } = withCompileCache({});
  const own = await folderWith({});
  assert.ok(own.startsWith(`${folder}/`), own);
  assert.equal(await folderWith({ NODE_V8_COVERAGE: '' }), 'undefined');
});
