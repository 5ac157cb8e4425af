import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

const project = new URL('../../..', import.meta.url);
const hook = `
  import { registerHooks } from 'node:module';
  registerHooks({ load: (url, context, next) => (console.log('loads ' + url), next(url, context)) });
`;

test('check loads neither an HTTP client nor dialects for templates without connectors', async () => {
  const args = ['--import', `data:text/javascript,${encodeURIComponent(hook)}`, 'bin/edc-job-provisioner.js'];
  const { stdout } = await promisify(execFile)(process.execPath, [...args, 'check'], {
    cwd: project,
    env: {},
  });
  assert.match(stdout, /src\/commands\/check\.ts/);
  assert.doesNotMatch(stdout, /node_modules\/undici\/|src\/dialects\/built-in/);
});
