import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findLeader } from '../support/find-leader.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

test('a replica takes over the flows of a leader that was stopped', async (t) => {
  const world = await startWorld(t, { replicas: 2 });
  const leader = await waitUntil('one of them leads', () => findLeader(world.services));
  const other = world.services.find((service) => service !== leader);
  assert.ok(other !== undefined);
  world.connectAll(other);
  // The addresses that are handed out name the first replica, which in this test may be the one that goes.
  const transfer = world.connector().startTransfer({ assetId: 'gated', mode: 'pull' });
  const flow = world.flowOf(transfer);
  await waitUntil('the worker runs', () => world.gate.asked > 0);
  assert.equal(await leader.stop(), 0);
  world.gate.open();
  await world.connector().waitFor(transfer.id, 'STARTED');
  assert.equal(await findLeader(world.services), other);
  await assertOneOfEach(world, flow);
});

test('a service that is stopped in the middle of a flow lets go of its Lease, and finishes when it is started again', async (t) => {
  const world = await startWorld(t);
  const transfer = world.connector().startTransfer({ assetId: 'gated' });
  await waitUntil('the worker runs', () => world.gate.asked > 0);
  assert.equal(await world.service.stop(), 0);
  assert.equal(await world.namespace.leader(), undefined);
  world.gate.open();
  await world.service.start();
  await world.connector().waitFor(transfer.id, 'COMPLETED');
  await assertOneOfEach(world, world.flowOf(transfer));
});

async function assertOneOfEach(world: World, flow: string): Promise<void> {
  const jobs = (await world.namespace.jobs()).map(({ metadata }) => metadata?.name);
  assert.deepEqual(jobs, [flow]);
  assert.equal(world.connector().exchanges({ kind: 'callback' }).length, 1);
}
