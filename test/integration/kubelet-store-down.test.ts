import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertEnded, assertReceived, gatedFiles } from '../support/flow-ends.ts';
import { outOfService, startProxiedWorld } from '../support/start-proxied-world.ts';
import { waitUntil } from '../support/wait-until.ts';

test('a store that is down at the end of the worker is waited for, and gets every byte', async (t) => {
  const { world, podStore } = await startProxiedWorld(t);
  const transfer = world.connector().startTransfer({ assetId: 'gated' });
  const flow = world.flowOf(transfer);
  await waitUntil('the worker runs', () => world.gate.asked > 0);
  podStore.fault = () => ({ kind: 'reset', when: 'before' });
  world.gate.open();
  await waitUntil('the end of the worker is noted', async () => (await world.namespace.flow(flow))?.worker);
  const refused = podStore.requests.length;
  await waitUntil('the sidecar has asked again', () => podStore.requests.length > refused + 2);
  podStore.fault = () => undefined;
  await assertReceived(world, transfer, gatedFiles);
});

test('a store that is down for the whole grace ends the transfer, and says that the store was the cause', async (t) => {
  const { world, podStore } = await startProxiedWorld(t, { settings: { pods: { limits: { upload: 10 } } } });
  const transfer = world.connector().startTransfer({ assetId: 'gated' });
  const flow = world.flowOf(transfer);
  await waitUntil('the worker runs', () => world.gate.asked > 0);
  podStore.fault = outOfService;
  world.gate.open();
  const record = await assertEnded(world, transfer, {
    phase: 'failed',
    reason: 'upload-failed',
    says: /503/,
  });
  assert.equal(record.attempt?.sidecar?.exitCode, 1);
  assert.deepEqual(
    (await world.bucket.results(flow)).filter((key) => key.endsWith('/manifest.json')),
    [],
  );
});

test('a store that answers nothing for the whole grace ends the transfer all the same', async (t) => {
  const { world, podStore } = await startProxiedWorld(t, { settings: { pods: { limits: { upload: 10 } } } });
  const transfer = world.connector().startTransfer({ assetId: 'gated' });
  await waitUntil('the worker runs', () => world.gate.asked > 0);
  podStore.fault = () => ({ kind: 'hang', when: 'before' });
  world.gate.open();
  await assertEnded(world, transfer, { phase: 'failed', reason: 'upload-failed', says: /did not answer/ });
});
