import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertEnded, assertReceived, gatedFiles } from '../support/flow-ends.ts';
import { deletePod, podThat, podThatSays, runningPod } from '../support/pods.ts';
import { runBeside } from '../support/run-beside.ts';
import { shellTemplate } from '../support/shell-template.ts';
import { startHeldUpload } from '../support/start-proxied-world.ts';
import { startWorld } from '../support/start-world.ts';
import type { World } from '../support/world.ts';

const script = `
  trap 'echo cut > "$RESULT_DIRECTORY/result.txt"; exit 0' TERM
  echo listening
  while true; do sleep 1 & wait "$!"; done`;
const templates = { polite: shellTemplate({ script }) };

const scenarios: Record<string, (world: World) => Promise<void>> = {
  'a pod deleted by hand while its worker runs ends the transfer, since its Job makes no other':
    deletedWhileRunning,
  'a worker that exits 0 when its pod is deleted has no results, though its Job is Complete':
    exitsWhenDeleted,
};

test('pods deleted while their workers run, beside each other', { concurrency: true }, async (t) => {
  await runBeside(t, await startWorld(t, { templates }), scenarios);
});

async function deletedWhileRunning(world: World): Promise<void> {
  const transfer = world.connector().startTransfer({ assetId: 'slow' });
  const { pod } = await runningPod(world, world.flowOf(transfer));
  await deletePod(world, pod);
  const end = { phase: 'failed', reason: 'attempt-disrupted', says: /Deleted/ } as const;
  const record = await assertEnded(world, transfer, end);
  assert.equal(record.attempt?.disrupted, 'Deleted');
}

async function exitsWhenDeleted(world: World): Promise<void> {
  const transfer = world.connector().startTransfer({ assetId: 'polite' });
  const flow = world.flowOf(transfer);
  const { pod } = await podThatSays(world, { flow, line: 'listening' });
  await deletePod(world, pod);
  const record = await assertEnded(world, transfer, { phase: 'failed', reason: 'attempt-disrupted' });
  assert.equal(record.attempt?.worker?.exitCode, 0);
}

test('a pod deleted by hand while it uploads brings its upload to its end, and that counts', async (t) => {
  const { world, podStore, transfer, flow } = await startHeldUpload(t);
  const { pod } = await podThat(world, {
    flow,
    is: 'uploads',
    does: ({ worker }) => worker.state === 'ended',
  });
  await deletePod(world, pod);
  podStore.fault = () => undefined;
  const record = await assertReceived(world, transfer, gatedFiles);
  assert.equal(record.attempt?.interrupted, 'Deleted');
});

test('a pod killed by hand while it uploads ends the transfer with upload-failed', async (t) => {
  const { world, transfer, flow } = await startHeldUpload(t, {
    settings: { pods: { limits: { upload: 10 } } },
  });
  const { pod } = await podThat(world, {
    flow,
    is: 'uploads',
    does: ({ worker }) => worker.state === 'ended',
  });
  await deletePod(world, pod, 1);
  const end = { phase: 'failed', reason: 'upload-failed', says: /Deleted/ } as const;
  await assertEnded(world, transfer, end);
  const kept = await world.bucket.results(flow);
  assert.deepEqual(
    kept.filter((key) => key.endsWith('/manifest.json')),
    [],
  );
});
