import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertNeverStarted } from '../support/assert-never-started.ts';
import { fillQuota, freeQuota } from '../support/quota.ts';
import { startWorld } from '../support/start-world.ts';
import { stuckTemplate } from '../support/stuck-template.ts';
import { waitUntil } from '../support/wait-until.ts';

test('a namespace whose quota is exhausted for too long ends its transfer with quota-exceeded', async (t) => {
  const world = await startWorld(t, {
    settings: { pods: { pendingLimits: { quota: 6 } } },
    templates: { stuck: stuckTemplate() },
  });
  await fillQuota(world.namespace);
  const transfer = world.connector().startTransfer({ assetId: 'stuck' });
  await assertNeverStarted(world, transfer, {
    reason: 'quota-exceeded',
    says: /exceeded quota: full, requested: pods=1, used: pods=0, limited: pods=0\. Raise the quota/,
  });
});

test('a flow that waits for its namespace’s quota says so, and goes on when there is room', async (t) => {
  const world = await startWorld(t, { templates: { stuck: stuckTemplate() } });
  await fillQuota(world.namespace);
  const transfer = world.connector().startTransfer({ assetId: 'stuck' });
  const note = await waitUntil('the service knows why', async () => {
    return (await world.namespace.flow(world.flowOf(transfer)))?.pending;
  });
  assert.equal(note.cause, 'quota');
  await freeQuota(world.namespace);
  const { consumer } = await world.connector().waitFor(transfer.id, 'STARTED', { deadlineMs: 120_000 });
  assert.equal(consumer.state, 'STARTED');
});
