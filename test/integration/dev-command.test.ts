import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startConnectorSimulator } from '../../src/demo/connector-simulator/connector-simulator.ts';
import type { DevFacts } from '../../src/demo/describe-dev.ts';
import { readZip } from '../../src/demo/read-zip.ts';
import { Bucket } from '../support/bucket.ts';
import { startCommand, type CommandProcess } from '../support/command-process.ts';
import { openNamespace } from '../support/namespace.ts';
import { waitUntil } from '../support/wait-until.ts';
import { needing } from '../support/needs.ts';

const fixtures = fileURLToPath(new URL('../fixtures/templates', import.meta.url));

test(
  'dev prints what is needed to use it, and a connector that it is told of gets its asset',
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

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(
    `dev ends on ${signal} with all that it runs, and leaves nothing behind`,
    needing('embedded cluster'),
    async (t) => {
      const { dev, facts } = await startDev(t, []);
      await runSlowly(t, facts);
      dev.child.kill(signal);
      assert.equal(await dev.ended(), 0, dev.stderr);
      assert.deepEqual(await dev.leftovers(), []);
      await dev.nothingRuns();
    },
  );
}

test('containers do not outlive a dev that was killed', needing('embedded cluster'), async (t) => {
  const { dev, facts } = await startDev(t, []);
  await runSlowly(t, facts);
  dev.child.kill('SIGKILL');
  await dev.ended();
  await dev.nothingRuns();
});

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

async function startDev(
  t: TestContext,
  args: readonly string[],
): Promise<{ dev: CommandProcess; facts: DevFacts }> {
  const overlay = args.length === 0 ? { EDC_JP_TEMPLATES_DIRECTORY: fixtures } : {};
  const dev = await startCommand(t, ['dev', '--json', '--port', '0', ...args], { env: overlay });
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
