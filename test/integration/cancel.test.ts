import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertEnded } from '../support/flow-ends.ts';
import { runBeside } from '../support/run-beside.ts';
import { shellTemplate } from '../support/shell-template.ts';
import { startHeldUpload } from '../support/start-proxied-world.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

const script = `
  trap '' TERM
  echo begun > "$RESULT_DIRECTORY/begun.txt"
  while true; do sleep 1; done`;
const stubborn = shellTemplate({ script, limits: { stopGrace: '7s', upload: '10m' } });

const scenarios: Record<string, (world: World) => Promise<void>> = {
  'a deprovision while the worker runs cancels it and leaves no results': deprovisioned,
  'a Job that is deleted by hand ends its transfer as cancelled, and loses its finalizer': deletedByHand,
  'a worker that ignores SIGTERM outlives a deprovision by its stop grace alone': stubbornDeprovisioned,
  'a worker that ignores SIGTERM is stopped at its deadline all the same': stubbornAtDeadline,
  'a transfer that the provider has ended is noticed, its flow gets no other message, and its results are deleted':
    endedByProvider,
};

test('flows that end before their workers do, beside each other', { concurrency: true }, async (t) => {
  const world = await startWorld(t, { templates: { stubborn } });
  await runBeside(t, world, scenarios);
});

test('a Job that is deleted while its pod uploads ends its transfer as cancelled all the same', async (t) => {
  const { world, podStore, transfer, flow } = await startHeldUpload(t);
  await world.namespace.deleteJob(flow);
  podStore.fault = () => undefined;
  await assertEnded(world, transfer, { phase: 'cancelled', reason: 'job-deleted' });
});

async function deprovisioned(world: World): Promise<void> {
  const simulator = world.connector();
  const transfer = simulator.startTransfer({ assetId: 'slow' });
  const flow = world.flowOf(transfer);
  await runningWorker(world, flow);
  const [answer] = await simulator.repeat(transfer.id, { type: 'deprovision' });
  assert.equal(answer?.kind === 'answered' && answer.status, 200);
  await assertNothingRuns(world, flow);
  const { outcome } = await recordOf(world, flow);
  assert.equal(outcome.phase === 'cancelled' && outcome.reason, 'deprovisioned');
  assert.deepEqual(await world.bucket.results(flow), []);
  assert.equal(simulator.process(transfer.id).counts.callback, 0);
}

async function deletedByHand(world: World): Promise<void> {
  const transfer = world.connector().startTransfer({ assetId: 'slow' });
  const flow = world.flowOf(transfer);
  await runningWorker(world, flow);
  await world.namespace.deleteJob(flow);
  await assertEnded(world, transfer, { phase: 'cancelled', reason: 'job-deleted' });
  await waitUntil('the Job is gone', async () => (await world.namespace.job(flow)) === undefined);
  await waitUntil('its pods are gone', async () => (await world.namespace.pods(flow)).length === 0);
  assert.deepEqual(await world.namespace.secrets(flow), []);
}

async function stubbornDeprovisioned(world: World): Promise<void> {
  const simulator = world.connector();
  const transfer = simulator.startTransfer({ assetId: 'stubborn' });
  const flow = world.flowOf(transfer);
  await runningWorker(world, flow);
  await simulator.repeat(transfer.id, { type: 'deprovision' });
  await waitUntil('the pod has its stop grace to end', async () => {
    const [pod] = await world.namespace.pods(flow);
    return pod?.metadata?.deletionGracePeriodSeconds === 7;
  });
  await assertNothingRuns(world, flow);
  const { outcome } = await recordOf(world, flow);
  assert.equal(outcome.phase === 'cancelled' && outcome.reason, 'deprovisioned');
  assert.deepEqual(await world.bucket.results(flow), []);
}

async function stubbornAtDeadline(world: World): Promise<void> {
  const transfer = world.connector().startTransfer({ assetId: 'ignores-sigterm' });
  await assertEnded(world, transfer, { phase: 'failed', reason: 'run-deadline-exceeded' });
}

async function endedByProvider(world: World): Promise<void> {
  const simulator = world.connector();
  const transfer = simulator.startTransfer({ assetId: 'gated' });
  const flow = world.flowOf(transfer);
  await waitUntil('the worker runs', () => world.gate.asked > 0);
  assert.equal(simulator.terminateByProvider(transfer.id), true);
  world.gate.open();
  const { delivery } = await recordOf(world, flow);
  assert.equal(delivery.result, 'obsolete');
  // No deprovision request follows that would delete them.
  assert.deepEqual(await world.bucket.results(flow), []);
}

async function runningWorker(world: World, flow: string): Promise<void> {
  await waitUntil('the worker runs', async () => {
    const [pod] = await world.namespace.pods(flow);
    return pod?.status?.containerStatuses?.some(({ state }) => state?.running !== undefined);
  });
}

async function assertNothingRuns(world: World, flow: string): Promise<void> {
  await waitUntil('the pods are gone or have ended', async () => {
    const pods = await world.namespace.pods(flow);
    return pods.every(({ status }) => status?.phase === 'Succeeded' || status?.phase === 'Failed');
  });
}

async function recordOf(world: World, flow: string) {
  return await waitUntil('the record is written', () => world.bucket.record(flow));
}
