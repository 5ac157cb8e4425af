import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertNeverStarted } from '../support/assert-never-started.ts';
import { startWorld } from '../support/start-world.ts';
import { stuckTemplate } from '../support/stuck-template.ts';
import { waitUntil } from '../support/wait-until.ts';

const image = 'registry.invalid/no/such:1';
const pods = { pendingLimits: { imagePull: 5 } };

test("the sidecar's own image is reported like the worker's", async (t) => {
  const world = await startWorld(t, {
    settings: { pods, images: { sidecar: image, sidecarPullPolicy: 'IfNotPresent' } },
    templates: { stuck: stuckTemplate() },
  });
  const transfer = world.connector().startTransfer({ assetId: 'stuck' });
  await assertNeverStarted(world, transfer, {
    reason: 'image-not-pulled',
    says: /registry\.invalid\/no\/such:1 of the container uploader cannot be pulled/,
  });
});

test('a service that is restarted meanwhile goes on counting from when it was first seen', async (t) => {
  const world = await startWorld(t, {
    settings: { pods },
    templates: { stuck: stuckTemplate({ worker: { image } }) },
  });
  const transfer = world.connector().startTransfer({ assetId: 'stuck' });
  const flow = world.flowOf(transfer);
  const first = await waitUntil('it is noted', async () => (await world.namespace.flow(flow))?.pending);
  assert.equal(first.cause, 'imagePull');
  await world.service.kill();
  await world.service.start();
  await assertNeverStarted(world, transfer, { reason: 'image-not-pulled', says: /registry\.invalid/ });
  assert.deepEqual((await world.namespace.flow(flow))?.pending, first);
});
