import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertEnded } from '../support/flow-ends.ts';
import { runningPod } from '../support/pods.ts';
import { startWorld } from '../support/start-world.ts';
import type { World } from '../support/world.ts';

test('a Job that reaches its own deadline ends its transfer with that reason, though its pod was deleted', async (t) => {
  const world = await startWorld(t);
  const transfer = world.connector().startTransfer({ assetId: 'slow' });
  const flow = world.flowOf(transfer);
  await runningPod(world, flow);
  await shortenDeadline(world, flow);
  await assertEnded(world, transfer, { phase: 'failed', reason: 'job-deadline-exceeded' });
});

test('a Job whose deadline passes while no reconciler runs is delivered when one does', async (t) => {
  const world = await startWorld(t);
  const transfer = world.connector().startTransfer({ assetId: 'slow' });
  const flow = world.flowOf(transfer);
  const { id } = await runningPod(world, flow);
  await world.service.kill();
  await shortenDeadline(world, flow);
  await world.service.start();
  const record = await assertEnded(world, transfer, { phase: 'failed', reason: 'job-deadline-exceeded' });
  assert.equal(record.attempt?.attempt, id);
});

/** The backstop is days away: it is for the time in which no reconciler runs. */
async function shortenDeadline({ namespace }: World, flow: string): Promise<void> {
  const patch = { spec: { activeDeadlineSeconds: 1 } };
  await namespace.cluster.jobs.patch(flow, patch, AbortSignal.timeout(30_000));
}
