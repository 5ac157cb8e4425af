import assert from 'node:assert/strict';
import { test } from 'node:test';
import { largeTemplate } from '../support/large-file.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';
import { startProxiedWorld } from '../support/start-proxied-world.ts';

test('no upload in parts stays open behind a flow', async (t) => {
  const templates = { large: largeTemplate('service') };
  const { world, podStore } = await startProxiedWorld(t, { templates });
  const simulator = world.connector();
  // The store never answers one part: the sidecar can only be killed.
  podStore.fault = ({ path }) =>
    path.includes('partNumber=2') ? { kind: 'hang', when: 'before' } : undefined;

  await t.test('that is cancelled while its sidecar uploads', async () => {
    const transfer = simulator.startTransfer({ assetId: 'large' });
    const flow = world.flowOf(transfer);
    await waitUntil('the second part is on its way', () =>
      podStore.requests.some(({ path }) => path.includes(flow) && path.includes('partNumber=2')),
    );
    assert.equal((await world.bucket.openUploads(flow)).length, 1);
    await simulator.repeat(transfer.id, { type: 'deprovision' });
    await closed(world, flow);
    assert.deepEqual(await world.bucket.openUploads(flow), []);
    assert.deepEqual(await world.bucket.results(flow), []);
  });

  await t.test('that succeeds after an attempt of which nobody knows any more', async () => {
    const transfer = simulator.startTransfer({ assetId: 'gated', mode: 'pull' });
    const flow = world.flowOf(transfer);
    await waitUntil('the worker runs', () => world.gate.asked > 0);
    const { client, name } = world.bucket;
    const key = `flows/${flow}/an-earlier-attempt/files/large`;
    await client.initiateNewMultipartUpload(name, key, {});
    assert.deepEqual(await world.bucket.openUploads(flow), [key]);
    world.gate.open();
    await simulator.waitFor(transfer.id, 'STARTED');
    await closed(world, flow);
    assert.deepEqual(await world.bucket.openUploads(flow), []);
    assert.ok((await world.bucket.results(flow)).length > 0);
  });
});

async function closed(world: World, flow: string): Promise<void> {
  await waitUntil('the flow is closed', async () => {
    return (await world.namespace.flow(flow))?.state === 'closed';
  });
}
