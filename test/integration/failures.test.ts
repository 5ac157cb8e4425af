import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stateLabel } from '../../src/flow/labels.ts';
import { runningPod } from '../support/pods.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

test('a bucket that is deleted during the run ends the transfer, and the Job stays in place of the record', async (t) => {
  const world = await startWorld(t, {
    // What the sidecar may take to find out that there is nothing to be uploaded to.
    settings: { pods: { limits: { upload: 10 } } },
  });
  const transfer = world.connector().startTransfer({ assetId: 'gated' });
  const flow = world.flowOf(transfer);
  await waitUntil('the worker runs', () => world.gate.asked > 0);
  await world.bucket.destroy();
  world.gate.open();
  await assertTold(world, transfer.id, /upload-failed|bucket-missing/);
  const job = await waitUntil('the Job is unrecorded', async () => {
    const found = await world.namespace.job(flow);
    return found?.metadata?.labels?.[stateLabel] === 'unrecorded' ? found : undefined;
  });
  assert.equal(job.metadata?.name, flow);
  const { components } = (await world.service.health()) as {
    components: { records: { detail: { unrecorded: string[] } } };
  };
  assert.deepEqual(components.records.detail.unrecorded, [flow]);

  await world.bucket.create();
  const record = await recordOf(world, flow);
  assert.equal(record.outcome.phase, 'failed');
  await waitUntil('the Job is closed', async () => (await world.namespace.flow(flow))?.state === 'closed');
});

const changes = [
  {
    key: (key: string) => key.endsWith('/manifest.json'),
    change: (text: string) => text.replace('early.txt', 'other.txt'),
  },
  {
    key: (key: string) => key.endsWith('/late.txt'),
    change: (text: string) => text.toUpperCase(),
  },
];

test('a manifest or a file that is changed after the upload ends the transfer with results-changed', async (t) => {
  const world = await startWorld(t);
  const transfers = changes.map((one) => {
    const transfer = world.connector().startTransfer({ assetId: 'gated' });
    return { ...one, transfer, flow: world.flowOf(transfer) };
  });
  for (const { flow } of transfers) await runningPod(world, flow);
  // Nobody verifies before the changes are made.
  await world.service.kill();
  world.gate.open();
  for (const { flow, key, change } of transfers) {
    await waitUntil('the pod has ended', async () => {
      const [pod] = await world.namespace.pods(flow);
      return pod?.status?.phase === 'Succeeded';
    });
    const found = (await world.bucket.results(flow)).find(key);
    assert.ok(found !== undefined);
    await world.bucket.write(found, change((await world.bucket.read(found)).toString('utf8')));
  }
  await world.service.start();
  for (const { transfer, flow } of transfers) {
    await assertTold(world, transfer.id, /results-changed/);
    const record = await recordOf(world, flow);
    assert.equal(record.outcome.phase === 'failed' && record.outcome.reason, 'results-changed');
  }
});

async function recordOf(world: World, flow: string) {
  return await waitUntil('the record is written', () => world.bucket.record(flow));
}

/** By the connector's management API, and so its consumer hears of it. */
async function assertTold(world: World, transferProcessId: string, reason: RegExp): Promise<void> {
  const simulator = world.connector();
  const { errorDetail, consumer, counts } = await simulator.waitFor(transferProcessId, 'TERMINATED', {
    deadlineMs: 120_000,
  });
  assert.match(errorDetail ?? '', reason);
  assert.equal(consumer.state, 'TERMINATED');
  assert.equal(counts.callback, 0);
  const calls = simulator.exchanges({ kind: 'management', transferProcessId });
  assert.equal(calls.at(-1)?.status, 204);
}
