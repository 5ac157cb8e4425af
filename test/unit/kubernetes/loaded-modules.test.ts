import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

/** The modules of the Kubernetes library that an import of the file loads. */
async function modulesOf(file: string): Promise<string[]> {
  const script = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
    await import(${JSON.stringify(new URL(`../../../${file}`, import.meta.url).href)});
    console.log(loaded.join('\\n'));
  `;
  const args = ['--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const loaded = stdout.split('\n').filter((url) => url.includes('/@kubernetes/client-node/'));
  return loaded.map((url) => url.replace(/.*\/client-node\//, ''));
}

test('the service loads one small module of the Kubernetes library, whose generated ones take much memory', async () => {
  assert.deepEqual(await modulesOf('src/app.ts'), ['dist/config_types.js']);
});

test('the embedded cluster loads the models of the kinds that it serves, and nothing else of the library', async () => {
  const loaded = await modulesOf('packages/embedded-kubernetes/src/start-cluster.ts');
  assert.ok(loaded.includes('dist/gen/models/V1Job.js'));
  assert.deepEqual(
    loaded.filter((path) => !path.startsWith('dist/gen/models/')),
    [],
  );
  assert.ok(!loaded.includes('dist/gen/models/V1Deployment.js'));
});
