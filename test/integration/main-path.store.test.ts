import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { type ConnectorVersion, versionProfiles } from 'connector-simulator';
import { readZip } from '../../src/demo/read-zip.ts';
import { oddFiles } from '../support/odd-files.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

interface Row {
  name: string;
  version: ConnectorVersion;
  mode: 'push' | 'pull';
}

const rows: Row[] = (['0.10.0', '0.12.0', '0.15.1'] as const).flatMap((version) =>
  (['push', 'pull'] as const).map((mode) => ({ name: `${version} ${mode}`, version, mode })),
);

test(
  'a connector gets its data byte for byte, and has it taken away again',
  { concurrency: true },
  async (t) => {
    const connectors = rows.map(({ name, version }) => ({ name: nameOf(name), version }));
    const world = await startWorld(t, { connectors });
    const subtests = rows.flatMap((row) => [
      t.test(`${row.name}: one file comes as it is`, async () => {
        const { bytes } = await transfer(world, row, 'echo');
        assert.equal(bytes.toString('utf8'), 'hello from the worker: ä ö ü €\n');
      }),
      t.test(`${row.name}: several files come as an archive`, async () => {
        const { bytes } = await transfer(world, row, 'many-files');
        const found = readZip(bytes).map(({ path, content }) => [path, content.toString('utf8')]);
        assert.deepEqual(Object.fromEntries(found), oddFiles);
      }),
    ]);
    await Promise.all(subtests);
  },
);

/** From the connector's request to an empty store; what every such transfer promises is checked on the way. */
async function transfer(world: World, { name, version, mode }: Row, assetId: string) {
  const connector = nameOf(name);
  const simulator = world.connector(connector);
  const process = simulator.startTransfer({ assetId, mode });
  const flow = world.flowOf(process, connector);
  await simulator.waitFor(process.id, mode === 'push' ? 'COMPLETED' : 'STARTED');
  if (mode === 'pull') {
    await simulator.pull(process.id);
    await simulator.pull(process.id);
    simulator.complete(process.id);
  }
  const { deprovisionNeedsNoCallback } = versionProfiles[version];
  const end = deprovisionNeedsNoCallback ? 'DEPROVISIONED' : 'DEPROVISIONING_REQUESTED';
  const ended = await simulator.waitFor(process.id, end);

  assert.equal(ended.overtaken, false);
  assert.equal(ended.errorDetail, undefined);
  assert.equal(ended.counts.callback, 1);
  const deprovisions = simulator.exchanges({ kind: 'deprovision', transferProcessId: process.id });
  // On a busy machine an answer may miss its deadline, and the connector asks again.
  assert.deepEqual([...new Set(deprovisions.map(({ status }) => status ?? 200))], [200]);
  await waitUntil('the results are deleted', async () => (await world.bucket.results(flow)).length === 0);
  const record = await waitUntil('the record tells of the deletion', async () => {
    const found = await world.bucket.record(flow);
    return found?.resultsDeletedAt === undefined ? undefined : found;
  });
  assert.equal(record.outcome.phase, 'succeeded');
  assert.equal(record.delivery.result, 'delivered');
  const received = await Promise.all(simulator.received(process.id).map(({ path }) => readFile(path)));
  const [bytes, ...others] = received;
  assert.ok(bytes !== undefined);
  assert.equal(received.length, mode === 'push' ? 1 : 2);
  for (const other of others) assert.deepEqual(other, bytes);
  return { bytes };
}

function nameOf(row: string): string {
  return `c-${row.replaceAll(/[ .]/g, '-')}`;
}
