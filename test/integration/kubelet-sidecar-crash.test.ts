import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { sidecarContainer } from '../../src/flow/attempt.ts';
import { assertEnded, assertReceived, gatedFiles } from '../support/flow-ends.ts';
import { killSidecar } from '../support/kill-sidecar.ts';
import { needing } from '../support/needs.ts';
import { outOfService, startProxiedWorld } from '../support/start-proxied-world.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

test('a sidecar that crashes once is started again, and its upload is whole', needing('/proc'), async (t) => {
  const { world, podStore } = await startProxiedWorld(t);
  podStore.fault = outOfService;
  const transfer = world.connector().startTransfer({ assetId: 'gated' });
  const flow = world.flowOf(transfer);
  await waitUntil('the sidecar has begun to upload', () => podStore.requests.length > 0);
  assert.ok((await killSidecar(flow)) > 0);
  await waitUntil('the sidecar runs again', async () => {
    const { restartCount, state } = await sidecarOf(world, flow);
    return restartCount === 1 && state?.running !== undefined;
  });
  // Not by its status: the startup probe passes on what the first life left.
  const before = podStore.requests.length;
  await waitUntil('it has begun to upload again', () => podStore.requests.length > before);
  podStore.fault = () => undefined;
  world.gate.open();
  await assertReceived(world, transfer, gatedFiles);
});

test(
  'a sidecar that goes on crashing has stored nothing, and the transfer is told',
  needing('/proc'),
  async (t) => {
    const world = await startWorld(t);
    const transfer = world.connector().startTransfer({ assetId: 'gated' });
    const flow = world.flowOf(transfer);
    await waitUntil('the worker runs', () => world.gate.asked > 0);
    const curse = crashAgainAndAgain(t, flow);
    await waitUntil('the sidecar has crashed twice', async () => {
      const { restartCount, state } = await sidecarOf(world, flow);
      return restartCount >= 1 && state?.running === undefined;
    });
    world.gate.open();
    const end = { phase: 'failed', reason: 'upload-failed', says: /exit code 137/ } as const;
    const record = await assertEnded(world, transfer, end);
    curse.abort();
    assert.equal(record.attempt?.worker?.exitCode, 0);
    const kept = await world.bucket.results(flow);
    assert.deepEqual(
      kept.filter((key) => key.endsWith('/manifest.json')),
      [],
    );
  },
);

function crashAgainAndAgain(t: TestContext, flow: string): AbortController {
  const over = new AbortController();
  async function crash(): Promise<void> {
    while (!over.signal.aborted) {
      await killSidecar(flow);
      await delay(100, undefined, { signal: over.signal }).catch(() => undefined);
    }
  }
  const crashing = crash();
  t.after(async () => {
    over.abort();
    await crashing;
  });
  return over;
}

async function sidecarOf({ namespace }: World, flow: string) {
  const [pod] = await namespace.pods(flow);
  const status = pod?.status?.initContainerStatuses?.find(({ name }) => name === sidecarContainer);
  assert.ok(status !== undefined);
  return status;
}
