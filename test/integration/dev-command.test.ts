import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startConnectorSimulator } from 'connector-simulator';
import type { DevFacts } from '../../src/demo/dev/describe-dev.ts';
import { readZip } from '../../src/demo/read-zip.ts';
import { Bucket } from '../support/bucket.ts';
import {
  projectFolder,
  startCommand,
  type CommandOptions,
  type CommandProcess,
} from '../support/command-process.ts';
import { openNamespace } from '../support/namespace.ts';
import { waitUntil } from '../support/wait-until.ts';
import { needing } from '../support/needs.ts';

const fixtures = fileURLToPath(new URL('../fixtures/templates', import.meta.url));

test(
  'dev prints what is needed to use it, and a connector that is configured gets its asset',
  needing('embedded cluster'),
  async (t) => {
    const key = randomBytes(8).toString('hex');
    const provisionUrl = 'http://127.0.0.1:9/';
    const simulator = await startConnectorSimulator({
      version: '0.15.1',
      provisionUrl,
      managementKey: key,
      assets: {},
    });
    t.after(() => simulator.stop());
    const { facts } = await startDev(t, ['--callback', simulator.callbackAddress, '--key', key]);
    assert.equal(facts.connectorKey, key);
    simulator.provisionAt(facts.connector.provisionUrl);
    const { id } = simulator.startTransfer({ assetId: 'seattle-weather' });
    await simulator.waitFor(id, 'COMPLETED', { deadlineMs: 120_000 });
    const [received] = simulator.received(id);
    const files = readZip(await readFile(received?.path ?? ''));
    assert.ok(files.some(({ path }) => path.endsWith('.svg')));

    const namespace = await openNamespace(facts.kubeconfig, facts.namespace);
    t.after(() => namespace.close());
    assert.equal((await namespace.jobs()).length, 1);
    const bucket = new Bucket(facts.s3.bucket, facts.s3);
    assert.notDeepEqual(await bucket.keys(), []);
  },
);

const ends: { name: string; end: (npm: CommandProcess) => unknown }[] = [
  { name: 'SIGINT to npm', end: ({ child }) => child.kill('SIGINT') },
  { name: 'SIGTERM to npm', end: ({ child }) => child.kill('SIGTERM') },
  {
    name: 'Ctrl-C in its terminal',
    end: (npm) => {
      npm.signalGroup('SIGINT');
    },
  },
];

for (const { name, end } of ends) {
  test(
    `npm run dev ends on ${name} with all that it runs, and leaves nothing behind`,
    needing('embedded cluster'),
    async (t) => {
      const { dev, facts } = await startDev(t, [], {
        program: ['npm'],
        folder: projectFolder,
        inGroup: true,
      });
      await runSlowly(t, facts);
      end(dev);
      assert.equal(await dev.ended(), 0, dev.stderr);
      await dev.nothingRuns();
      assert.deepEqual(await dev.leftovers(), []);
      await assert.rejects(fetch(facts.service), isRefused);
    },
  );
}

function isRefused({ cause }: Error): boolean {
  return (cause as NodeJS.ErrnoException).code === 'ECONNREFUSED';
}

test('containers do not outlive a dev that was killed', needing('embedded cluster'), async (t) => {
  const { dev, facts } = await startDev(t, []);
  await runSlowly(t, facts);
  dev.child.kill('SIGKILL');
  await dev.ended();
  await dev.nothingRuns();
});

test(
  'serve works on the servers alone with the settings that they print, and ends with npm start',
  needing('embedded cluster'),
  async (t) => {
    const { dev, facts } = await startDev(t, ['--servers-only']);
    await assert.rejects(fetch(facts.service), isRefused);
    // Those of another service must not lead elsewhere.
    const env = {
      EDC_JP_CONFIG: '/nowhere/settings.yaml',
      EDC_JP_STORE_PUBLIC_ENDPOINT: 'http://192.0.2.1:9000',
    };
    const program = ['sh', '-ec', '. "$0"; exec npm --silent start', facts.environmentFile];
    const npm = await startCommand(t, [], { env, program, folder: projectFolder });
    await waitUntil('the service is ready or has ended', async () => {
      if (npm.child.exitCode !== null) return true;
      return (await fetch(`${facts.service}/health/ready`)).status === 200;
    });
    assert.equal(npm.child.exitCode, null, npm.stderr);
    const body = {
      assetId: 'seattle-weather',
      transferProcessId: 't-1',
      resourceDefinitionId: 'r-1',
      type: 'provision',
      callbackAddress: facts.connector.callback,
      policy: {},
    };
    for (const url of [facts.connector.provisionUrl, `${facts.service}/provision`]) {
      const headers = { 'Content-Type': 'application/json' };
      const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
      assert.equal(answer.status, 200, await answer.text());
    }
    const namespace = await openNamespace(facts.kubeconfig, facts.namespace);
    t.after(() => namespace.close());
    assert.equal((await namespace.jobs()).length, 1);
    npm.child.kill('SIGTERM');
    assert.equal(await npm.ended(), 0, npm.stderr);
    await npm.nothingRuns();
    dev.child.kill('SIGTERM');
    assert.equal(await dev.ended(), 0, dev.stderr);
    assert.deepEqual(await dev.leftovers(), []);
  },
);

test('a port that is taken is named', needing('embedded cluster'), async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await waitUntil('it listens', () => server.listening);
  const { port } = server.address() as AddressInfo;
  const dev = await startCommand(t, ['dev', '--port', String(port)]);
  assert.equal(await dev.ended(), 1);
  assert.match(dev.stderr, new RegExp(`${port}.*in use`));
  assert.deepEqual(await dev.leftovers(), []);
});

test(
  'dev --detach returns when all is ready, and dev stop when all has ended',
  needing('embedded cluster'),
  async (t) => {
    const { facts, state, starter } = await detach(t);
    const ready = await fetch(`${facts.service}/health/ready`);
    assert.equal(ready.status, 200);
    assert.equal((await stat(state)).mode & 0o777, 0o700);
    for (const name of ['dev.json', 'dev.log'])
      assert.equal((await stat(join(state, name))).mode & 0o777, 0o600, name);
    assert.equal((await stat(facts.environmentFile)).mode & 0o777, 0o600);

    const env = await startCommand(t, ['dev', 'env', '--state', state]);
    assert.equal(await env.ended(), 0, env.stderr);
    assert.equal(env.stdout, await readFile(facts.environmentFile, 'utf8'));
    const second = await startCommand(t, ['dev', '--detach', '--port', '0', '--state', state]);
    assert.equal(await second.ended(), 1);
    assert.match(second.stderr, new RegExp(`another dev runs in the background \\(${facts.service}`));

    await runSlowly(t, facts);
    const stop = await startCommand(t, ['dev', 'stop', '--state', state]);
    assert.equal(await stop.ended(), 0, stop.stderr);
    await starter.nothingRuns();
    assert.deepEqual(await starter.leftovers(), []);
    assert.deepEqual(await readdir(state), []);
    const gone = await startCommand(t, ['dev', 'env', '--state', state]);
    assert.equal(await gone.ended(), 1);
    assert.match(gone.stderr, /no dev runs in the background/);
  },
);

test(
  'what a killed dev in the background has left is removed by dev stop',
  needing('embedded cluster'),
  async (t) => {
    const { state, starter } = await detach(t);
    const { pid } = JSON.parse(await readFile(join(state, 'dev.json'), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGKILL');
    await starter.nothingRuns();
    assert.notDeepEqual(await starter.leftovers(), []);
    const stop = await startCommand(t, ['dev', 'stop', '--state', state]);
    assert.equal(await stop.ended(), 0, stop.stderr);
    assert.deepEqual(await starter.leftovers(), []);
    assert.deepEqual(await readdir(state), []);
  },
);

test(
  'dev --detach that is interrupted before it is ready leaves nothing behind',
  needing('embedded cluster'),
  async (t) => {
    const state = await stateFolder(t);
    const starter = await startCommand(t, ['dev', '--detach', '--port', '0', '--state', state]);
    await waitUntil('the other process is started', async () => (await readdir(state)).includes('dev.log'));
    starter.child.kill('SIGINT');
    assert.equal(await starter.ended(), 130, starter.stderr);
    await starter.nothingRuns();
    assert.deepEqual(await starter.leftovers(), []);
    assert.deepEqual(await readdir(state), []);
  },
);

test(
  'dev in the background ends, and leaves nothing behind, if dev --detach is killed before it is ready',
  needing('embedded cluster'),
  async (t) => {
    const state = await stateFolder(t);
    const starter = await startCommand(t, ['dev', '--detach', '--port', '0', '--state', state]);
    await waitUntil('the other process starts its servers', async () =>
      (await readdir(state)).includes('control'),
    );
    starter.child.kill('SIGKILL');
    assert.equal(await starter.ended(), 'SIGKILL', starter.stdout);
    await starter.nothingRuns();
    assert.deepEqual(await starter.leftovers(), []);
    assert.deepEqual(await readdir(state), []);
  },
);

test('dev --detach says why it cannot start', needing('embedded cluster'), async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await waitUntil('it listens', () => server.listening);
  const { port } = server.address() as AddressInfo;
  const state = await stateFolder(t);
  const dev = await startCommand(t, ['dev', '--detach', '--port', String(port), '--state', state]);
  assert.equal(await dev.ended(), 1);
  assert.match(dev.stderr, new RegExp(`^edc-job-provisioner dev: .*${port}.*in use`));
  await dev.nothingRuns();
  assert.deepEqual(await dev.leftovers(), []);
  assert.deepEqual(await readdir(state), []);
});

async function stateFolder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'edc-jp-state-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function detach(t: TestContext): Promise<{ starter: CommandProcess; facts: DevFacts; state: string }> {
  const state = await stateFolder(t);
  const env = { EDC_JP_TEMPLATES_DIRECTORY: fixtures };
  const starter = await startCommand(t, ['dev', '--detach', '--json', '--port', '0', '--state', state], {
    env,
  });
  assert.equal(await starter.ended(), 0, starter.stderr);
  const facts = JSON.parse(starter.stdout) as DevFacts;
  return { starter, facts, state };
}

async function startDev(
  t: TestContext,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<{ dev: CommandProcess; facts: DevFacts }> {
  const env: Record<string, string> = args.length === 0 ? { EDC_JP_TEMPLATES_DIRECTORY: fixtures } : {};
  const own = ['--json', '--port', '0', ...args];
  const throughNpm = options.program?.[0] === 'npm';
  const command = throughNpm ? ['run', '--silent', 'dev', '--', ...own] : ['dev', ...own];
  const dev = await startCommand(t, command, { env, ...options });
  const [line] = await dev.said(/^\{.*\}\n/);
  return { dev, facts: JSON.parse(line) as DevFacts };
}

/** Until a worker runs that does not end by itself. */
async function runSlowly(t: TestContext, facts: DevFacts): Promise<void> {
  const abandoned = new AbortController();
  t.after(() => {
    abandoned.abort();
  });
  void fetch(`${facts.service}/demo/slow`, { signal: abandoned.signal }).catch(() => undefined);
  const namespace = await openNamespace(facts.kubeconfig, facts.namespace);
  t.after(() => namespace.close());
  await waitUntil('the worker runs', async () => {
    const [pod] = await namespace.pods();
    return pod?.status?.containerStatuses?.some(({ state }) => state?.running !== undefined);
  });
}
