import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectorSimulator } from 'connector-simulator';
import { connectorLabel } from '../../src/flow/labels.ts';
import { isFinal } from '../../src/flow/delivery.ts';
import { runBeside } from '../support/run-beside.ts';
import { startWorld, type ConnectorOptions } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

// Fifty requests at once may each take a while on a machine with two busy cores.
const patient = { http: { answerDeadlineMillis: 5000 }, reconciler: { callbackHoldMillis: 0 } };

test('50 identical requests at once and 20 repeats later make one Job and one callback', async (t) => {
  const world = await startWorld(t, { settings: patient });
  const simulator = world.connector();
  simulator.pause();
  const transfer = simulator.startTransfer({ assetId: 'gated', mode: 'pull' });
  const { id } = transfer;
  assert.deepEqual(await statuses(simulator, id, { times: 50 }), new Set([200]));
  assert.equal((await world.namespace.jobs()).length, 1);
  simulator.resume();
  await simulator.waitFor(id, 'PROVISIONING_REQUESTED');
  for (let round = 0; round < 10; round += 1)
    assert.deepEqual(await statuses(simulator, id), new Set([200]), 'while it runs');
  await waitUntil('the worker runs', () => world.gate.asked > 0);
  world.gate.open();
  const { counts } = await simulator.waitFor(id, 'STARTED');
  const flow = world.flowOf(transfer);
  await waitUntil('it is delivered', async () => isFinal((await world.namespace.flow(flow))?.delivery));
  for (let round = 0; round < 10; round += 1)
    assert.deepEqual(await statuses(simulator, id), new Set([200]), 'after its end');

  assert.equal(counts.callback, 1);
  assert.equal(simulator.process(id).counts.callback, 1);
  assert.equal((await world.namespace.jobs()).length, 1);
  const pods = new Set((await world.namespace.pods()).map(({ metadata }) => metadata?.name));
  assert.ok(pods.size <= 1);
});

test('another asset or template under the same ids is a conflict for as long as there is a Job', async (t) => {
  const world = await startWorld(t);
  const simulator = world.connector();
  const transfer = simulator.startTransfer({ assetId: 'gated' });
  await simulator.waitFor(transfer.id, 'PROVISIONING_REQUESTED');
  await assertConflicts(world, simulator, transfer.id);
  assert.deepEqual(await statuses(simulator, transfer.id), new Set([200]));
  world.gate.open();
  await simulator.waitFor(transfer.id, 'COMPLETED');
  await assertConflicts(world, simulator, transfer.id);
  const flow = world.flowOf(transfer);
  await simulator.waitFor(transfer.id, 'DEPROVISIONED');
  assert.deepEqual(await statuses(simulator, transfer.id), new Set([409]), 'nothing would follow a 200');
  await forgetJob(world, flow);
  assert.deepEqual(await statuses(simulator, transfer.id, { times: 1 }), new Set([200]));
  assert.equal((await world.namespace.jobs()).length, 1, 'without a Job it is an ordinary new request');
});

const old: readonly ConnectorOptions[] = [
  { name: 'late', version: '0.10.0' },
  { name: 'first', version: '0.10.0' },
];

const withoutType: Record<string, (world: World) => Promise<void>> = {
  'a request without type that comes after the end makes no second Job': comesAfterTheEnd,
  'the first request without type after the callback takes the results away': takesResultsAway,
};

test('requests without type, beside each other', { concurrency: true }, async (t) => {
  await runBeside(t, await startWorld(t, { connectors: old }), withoutType);
});

async function comesAfterTheEnd(world: World): Promise<void> {
  const simulator = world.connector('late');
  const transfer = simulator.startTransfer({ assetId: 'echo' });
  const flow = world.flowOf(transfer, 'late');
  await simulator.waitFor(transfer.id, 'DEPROVISIONING_REQUESTED');
  assert.deepEqual(await statuses(simulator, transfer.id, { times: 5 }), new Set([200]));
  assert.deepEqual(await jobsOf(world, 'late'), [flow]);
  await waitUntil('the results are deleted', async () => (await world.bucket.results(flow)).length === 0);
  await forgetJob(world, flow);
  assert.deepEqual(await statuses(simulator, transfer.id, { times: 5 }), new Set([200]));
  assert.deepEqual(await jobsOf(world, 'late'), []);
  assert.equal(simulator.process(transfer.id).counts.callback, 1);
}

async function takesResultsAway(world: World): Promise<void> {
  const simulator = world.connector('first');
  const transfer = simulator.startTransfer({ assetId: 'echo', mode: 'pull' });
  const flow = world.flowOf(transfer, 'first');
  await simulator.waitFor(transfer.id, 'STARTED');
  await waitUntil('it is delivered', async () => isFinal((await world.namespace.flow(flow))?.delivery));
  assert.notDeepEqual(await world.bucket.results(flow), []);
  assert.deepEqual(await statuses(simulator, transfer.id), new Set([200]));
  await waitUntil('the results are deleted', async () => (await world.bucket.results(flow)).length === 0);
}

/** An answer that misses its deadline is none: its socket is closed, and a connector asks again, as is done here. */
async function statuses(
  simulator: ConnectorSimulator,
  id: string,
  { times = 1, ...options }: { times?: number; assetId?: string } = {},
): Promise<Set<number>> {
  const found = new Set<number>();
  let left = times;
  for (let round = 0; left > 0; round += 1) {
    assert.ok(round < 20, `${left} of ${times} requests were never answered`);
    const results = await simulator.repeat(id, { times: left, ...options });
    const answered = results.filter((result) => result.kind === 'answered');
    for (const { status } of answered) found.add(status);
    left -= answered.length;
  }
  return found;
}

async function assertConflicts(world: World, simulator: ConnectorSimulator, id: string): Promise<void> {
  assert.deepEqual(await statuses(simulator, id, { assetId: 'echo' }), new Set([409]));
  simulator.provisionAt(world.provisionUrl({ template: 'echo' }));
  assert.deepEqual(await statuses(simulator, id), new Set([409]));
  simulator.provisionAt(world.provisionUrl());
}

/** Until its record alone is left. */
async function forgetJob(world: World, flow: string): Promise<void> {
  await waitUntil(
    'the record is written',
    async () => (await world.namespace.flow(flow))?.state === 'closed',
  );
  await world.namespace.deleteJob(flow);
  await waitUntil('the Job is gone', async () => (await world.namespace.job(flow)) === undefined);
}

async function jobsOf({ namespace }: World, connector: string): Promise<(string | undefined)[]> {
  const jobs = await namespace.jobs();
  const own = jobs.filter(({ metadata }) => metadata?.labels?.[connectorLabel] === connector);
  return own.map(({ metadata }) => metadata?.name);
}
