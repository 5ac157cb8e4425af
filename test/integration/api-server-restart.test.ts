import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needing } from '../support/needs.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';

test(
  'flows outlive a restart of the API server: one Job and one callback each, also of who asked while it was away',
  needing('own API server'),
  async (t) => {
    const world = await startWorld(t);
    const connector = world.connector();
    const running = [1, 2, 3].map(() => connector.startTransfer({ assetId: 'gated' }));
    await waitUntil('all workers run', async () => {
      const pods = await world.namespace.pods();
      return pods.filter(({ status }) => status?.containerStatuses?.[0]?.state?.running).length === 3;
    });
    await world.servers.api.stop();
    await waitUntil('the service has noticed', async () => (await clusterOf(world.service)) === 'broken');
    assert.equal(await world.service.isReady(), true);
    world.gate.open();
    const late = connector.startTransfer({ assetId: 'echo' });
    await waitUntil('it was asked', () => connector.exchanges({ transferProcessId: late.id }).length > 0);
    await world.servers.api.start();

    const transfers = [...running, late];
    for (const { id } of transfers) await connector.waitFor(id, 'DEPROVISIONED', { deadlineMs: 180_000 });
    const jobs = (await world.namespace.jobs()).map(({ metadata }) => metadata?.name ?? '');
    assert.deepEqual(jobs.sort(), transfers.map((transfer) => world.flowOf(transfer)).sort());
    for (const { id } of transfers)
      assert.equal(connector.exchanges({ kind: 'callback', transferProcessId: id }).length, 1);
    assert.equal(await clusterOf(world.service), 'ok');
  },
);

async function clusterOf(service: ServiceProcess): Promise<string | undefined> {
  const { components } = (await service.health()) as { components: { cluster?: { status: string } } };
  return components.cluster?.status;
}
