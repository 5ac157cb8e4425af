import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertNeverStarted } from '../support/assert-never-started.ts';
import { fillQuota, freeQuota } from '../support/quota.ts';
import { startWorld } from '../support/start-world.ts';
import { stuckTemplate } from '../support/stuck-template.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

test('a flow that a queue has suspended is not stuck, with any limits, and has its full time once it is released', async (t) => {
  const world = await startWorld(t, {
    settings: { pods: { pendingLimits: { quota: 10 } } },
    templates: { stuck: stuckTemplate() },
  });
  await fillQuota(world.namespace);
  const held = world.connector().startTransfer({ assetId: 'stuck' });
  const flow = world.flowOf(held);
  await waitUntil('the flow is resumed', async () => (await world.namespace.flow(flow))?.startedAt);
  await suspend(world, flow, true);

  // What came later, and is not suspended, has used up its time: so has the first one, if it counted.
  const later = world.connector().startTransfer({ assetId: 'stuck' });
  await assertNeverStarted(world, later, { reason: 'quota-exceeded', says: /exceeded quota/ });
  assert.equal((await world.namespace.flow(flow))?.outcome, undefined);

  await freeQuota(world.namespace);
  await suspend(world, flow, false);
  const { consumer } = await world.connector().waitFor(held.id, 'STARTED', { deadlineMs: 120_000 });
  assert.equal(consumer.state, 'STARTED');
});

async function suspend(world: World, flow: string, isSuspended: boolean): Promise<void> {
  const { jobs } = world.namespace.cluster;
  await jobs.patch(flow, { spec: { suspend: isSuspended } }, AbortSignal.timeout(30_000));
}
