import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectorSimulator } from 'connector-simulator';
import { assertReceived, gatedFiles } from '../support/flow-ends.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

test('a transfer that ends on the connector’s side frees its pod; others are delivered, and polls are paced', async (t) => {
  // One of the two replicas polls: both together would poll more often than the setting says.
  const settings = { reconciler: { transferPollSeconds: 1 }, pods: { limits: { run: 600 } } };
  const world = await startWorld(t, { replicas: 2, settings });
  const simulator = world.connector();
  const [byProvider, byConsumer, kept] = [1, 2, 3].map(() => simulator.startTransfer({ assetId: 'gated' }));
  assert.ok(byProvider && byConsumer && kept);
  await waitUntil('three workers run', async () => {
    const running = await Promise.all(
      [byProvider, byConsumer, kept].map((one) => workerRuns(world, world.flowOf(one))),
    );
    return running.every(Boolean);
  });

  // A management API that is out of order harms nobody, and is asked no more often for that.
  simulator.misbehave('management', { kind: 'status', status: 503 });
  const failedBefore = pollsOf(simulator).length;
  await waitUntil('two polls have failed', () => pollsOf(simulator).length >= failedBefore + 2);
  for (const one of [byProvider, byConsumer, kept])
    assert.equal(await workerRuns(world, world.flowOf(one)), true);
  simulator.misbehave('management', undefined);

  assert.equal(simulator.terminateByProvider(byProvider.id), true);
  assert.equal(simulator.terminateByConsumer(byConsumer.id), true);
  for (const ended of [byProvider, byConsumer]) {
    const flow = world.flowOf(ended);
    const { outcome, delivery } = await waitUntil('the record is written', () => world.bucket.record(flow));
    assert.equal(outcome.phase === 'cancelled' && outcome.reason, 'transfer-ended');
    assert.equal(delivery.result, 'skipped');
    assert.equal(await workerRuns(world, flow), false);
    assert.deepEqual(await world.bucket.results(flow), []);
    assert.equal(simulator.process(ended.id).counts.callback, 0);
  }
  assert.equal(await workerRuns(world, world.flowOf(kept)), true);

  world.gate.open();
  await assertReceived(world, kept, gatedFiles);
  assertPaced(simulator);
});

async function workerRuns(world: World, flow: string): Promise<boolean> {
  const pods = await world.namespace.pods(flow);
  return pods.some(({ status }) =>
    status?.containerStatuses?.some(({ name, state }) => name === 'worker' && state?.running !== undefined),
  );
}

function pollsOf(simulator: ConnectorSimulator) {
  return simulator.exchanges({ kind: 'management' }).filter(({ target }) => target.endsWith('/request'));
}

/** One poll at a time for all flows together: of a second, a quarter is the spread. */
function assertPaced(simulator: ConnectorSimulator): void {
  const polls = pollsOf(simulator);
  const gaps = polls.slice(1).map(({ at }, index) => at - (polls[index]?.at ?? 0));
  assert.ok(
    gaps.every((gap) => gap > 700),
    `milliseconds between polls: ${gaps.join()}`,
  );
  const asked = polls.map(({ body }) => (JSON.parse(body) as { limit: number }).limit);
  assert.ok(asked.includes(3), `processes asked for at once: ${asked.join()}`);
}
