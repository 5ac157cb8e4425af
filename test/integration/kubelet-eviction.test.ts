import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertEnded, assertReceived, gatedFiles } from '../support/flow-ends.ts';
import { evictPod, podThatSays, runningPod, runningSuccessor } from '../support/pods.ts';
import { runBeside } from '../support/run-beside.ts';
import { shellTemplate } from '../support/shell-template.ts';
import { startHeldUpload } from '../support/start-proxied-world.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

const polite = `
  trap 'echo cut > "$RESULT_DIRECTORY/result.txt"; exit 0' TERM
  echo listening
  while true; do sleep 1 & wait "$!"; done`;
const wide = 'dd if=/dev/zero of="$RESULT_DIRECTORY/big" bs=1M count=8; while true; do sleep 1; done';
const templates = {
  polite: shellTemplate({ script: polite }),
  wide: shellTemplate({ script: wide, size: '1Mi' }),
};

const scenarios: Record<string, (world: World) => Promise<void>> = {
  'a pod that is evicted while its worker runs is followed by another, whose results alone are handed out':
    evictedWhileRunning,
  'an evicted worker that exits 0 has no results: its Job is Complete, and nobody works on': evictedAndPolite,
  'a worker that writes more than its results may take fails with that reason': writesTooMuch,
};

test('evictions, beside each other', { concurrency: true }, async (t) => {
  await runBeside(t, await startWorld(t, { templates }), scenarios);
});

test('a pod that is evicted and its successor that both end while no service runs are told apart by their age', async (t) => {
  const world = await startWorld(t);
  const transfer = world.connector().startTransfer({ assetId: 'gated' });
  const flow = world.flowOf(transfer);
  await waitUntil('the worker runs', () => world.gate.asked > 0);
  const first = await runningPod(world, flow);
  await world.service.kill();
  await evictPod(world, first.pod);
  const second = await runningSuccessor(world, first);
  world.gate.open();
  await waitUntil('both pods have ended', async () => {
    const pods = await world.namespace.pods(flow);
    return pods.length === 2 && pods.every(({ status }) => /Succeeded|Failed/.test(status?.phase ?? ''));
  });
  await world.service.start();
  const record = await assertReceived(world, transfer, gatedFiles);
  assert.equal(record.outcome.phase === 'succeeded' && record.outcome.results.attempt, second.id);
});

test('a pod that is evicted while it uploads brings its upload to its end, and that counts', async (t) => {
  const { world, podStore, transfer, flow } = await startHeldUpload(t);
  const [pod] = await world.namespace.pods(flow);
  await evictPod(world, pod?.metadata?.name ?? '');
  podStore.fault = () => undefined;
  const record = await assertReceived(world, transfer, gatedFiles);
  assert.equal(record.attempt?.interrupted, 'EvictionByEvictionAPI');
});

async function evictedWhileRunning(world: World): Promise<void> {
  const transfer = world.connector().startTransfer({ assetId: 'gated' });
  const flow = world.flowOf(transfer);
  await waitUntil('the worker runs', () => world.gate.asked > 0);
  const first = await runningPod(world, flow);
  await evictPod(world, first.pod);
  const second = await runningSuccessor(world, first);
  world.gate.open();
  const record = await assertReceived(world, transfer, gatedFiles);
  assert.equal(record.outcome.phase === 'succeeded' && record.outcome.results.attempt, second.id);
}

async function evictedAndPolite(world: World): Promise<void> {
  const transfer = world.connector().startTransfer({ assetId: 'polite' });
  const { pod } = await podThatSays(world, { flow: world.flowOf(transfer), line: 'listening' });
  await evictPod(world, pod);
  const end = { phase: 'failed', reason: 'attempt-disrupted', says: /EvictionByEvictionAPI/ } as const;
  const record = await assertEnded(world, transfer, end);
  assert.equal(record.attempt?.worker?.exitCode, 0);
}

async function writesTooMuch(world: World): Promise<void> {
  const transfer = world.connector().startTransfer({ assetId: 'wide' });
  await assertEnded(world, transfer, {
    phase: 'failed',
    reason: 'storage-exceeded',
    says: /exceeds the limit/,
  });
}
