import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startConnectorSimulator } from 'connector-simulator';

const bin = new URL('../../../bin/edc-job-provisioner.js', import.meta.url).pathname;
const key = 'key-of-the-connector';

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

async function run(env: Record<string, string>, ...args: string[]): Promise<Ended> {
  return await new Promise((resolve) => {
    const options = { env: { PATH: process.env['PATH'], ...env } };
    const child = execFile(process.execPath, [bin, 'check', ...args], options, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

/** A settings file with one connector, which runs, and nothing else that `serve` would need. */
async function start(t: TestContext): Promise<string> {
  const simulator = await startConnectorSimulator({
    version: '0.15.1',
    provisionUrl: 'http://127.0.0.1:9/',
    assets: {},
    managementKey: key,
  });
  const folder = await mkdtemp(join(tmpdir(), 'check-connectors-'));
  t.after(async () => {
    await simulator.stop();
    await rm(folder, { recursive: true });
  });
  const file = join(folder, 'settings.yaml');
  const { callbackAddress } = simulator;
  await writeFile(file, `connectors: [{ name: provider, callbackPrefix: "${callbackAddress}" }]\n`);
  return file;
}

test('prints a line for each check of each connector, without the store’s secrets', async (t) => {
  const file = await start(t);
  const { code, stdout, stderr } = await run(
    { CONNECTOR_PROVIDER_KEY: key },
    '--connectors',
    '--config',
    file,
  );
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  const lines = stdout.trimEnd().split('\n');
  assert.match(lines[0] ?? '', /^CONNECTOR +DIALECT +CHECK +RESULT +DETAIL$/);
  assert.match(
    lines[1] ?? '',
    /^provider +control-plane +callback +passed +http:\S+ answers, and accepts the key$/,
  );
  assert.match(lines[2] ?? '', /^provider +control-plane +management +passed +http:\S+ v3 answers, and/);
  assert.equal(lines.length, 3);
});

test('fails if a check fails, with the advice below it, and shows no key', async (t) => {
  const file = await start(t);
  const wrong = 'a-wrong-key-of-the-connector';
  const { code, stdout } = await run({ CONNECTOR_PROVIDER_KEY: wrong }, '--connectors', '--config', file);
  assert.equal(code, 1);
  assert.match(stdout, /failed +http:\S+ refuses the key \(401\)\n +set CONNECTOR_PROVIDER_KEY to the key/);
  assert.ok(!stdout.includes(wrong));
});

test('prints JSON', async (t) => {
  const file = await start(t);
  const { code, stdout } = await run({ EDC_JP_CONFIG: file }, '--connectors', '--json');
  assert.equal(code, 1);
  assert.partialDeepStrictEqual(JSON.parse(stdout), [
    { connector: 'provider', dialect: 'control-plane', check: 'callback', result: 'failed' },
    { connector: 'provider', dialect: 'control-plane', check: 'management', result: 'failed' },
  ]);
});

test('fails without a connector, and for a command line that is wrong', async () => {
  const none = await run({}, '--connectors');
  assert.deepEqual([none.code, none.stdout], [1, '']);
  assert.match(none.stderr, /^no connector is configured/);
  assert.equal((await run({}, '--json')).code, 2);
  assert.equal((await run({}, '--connectors', 'jobs-templates')).code, 2);
});
