import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

const app = new URL('../../../src/app.ts', import.meta.url).href;
const script = `
  import { registerHooks } from 'node:module';
  const loaded = [];
  registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
  await import(${JSON.stringify(app)});
  console.log(loaded.join('\\n'));
`;

test('the service loads one small module of the Kubernetes library, whose generated ones take much memory', async () => {
  const args = ['--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const loaded = stdout.split('\n').filter((url) => url.includes('/@kubernetes/client-node/'));
  assert.deepEqual(
    loaded.map((url) => url.replace(/.*\/client-node\//, '')),
    ['dist/config_types.js'],
  );
});
