import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { readKubeconfig, writeProxiedKubeconfig } from '../support/kubeconfig.ts';
import { needing } from '../support/needs.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import { WatchProxy } from '../support/watch-proxy.ts';

test(
  'watches that end with 410 start again with a list, and changes meanwhile are not lost',
  needing('own API server'),
  async (t) => {
    // A long Lease: a replica that loses it starts again anyway.
    const world = await startWorld(t, { replicas: 0, settings: { reconciler: { leaseSeconds: 300 } } });
    const access = await readKubeconfig(world.access.kubeconfig);
    await using proxy = new WatchProxy(access);
    await proxy.start();
    const proxied = { access, proxy: proxy.url };
    const kubeconfig = await writeProxiedKubeconfig(join(world.folder, 'proxied'), proxied);
    const service = await world.addService({ cluster: { kubeconfig } });
    await service.start();
    world.connectAll();

    const connector = world.connector();
    const transfer = connector.startTransfer({ assetId: 'gated' });
    await waitUntil('the worker runs', () => world.gate.asked > 0);
    await waitUntil('Jobs and pods are watched', () => proxy.watches === 2);
    proxy.hold();
    // The versions that the watches know are older than this.
    await world.namespace.cluster.configMaps.create({ metadata: { name: 'later' } }, t.signal);
    await world.servers.api.stop();
    world.gate.open();
    await world.servers.api.start();
    assert.deepEqual(proxy.expired, []);
    proxy.letGo();

    await waitUntil('both watches have expired', () => new Set(proxy.expired).size === 2);
    await connector.waitFor(transfer.id, 'DEPROVISIONED', { deadlineMs: 120_000 });
    assert.equal((await world.namespace.jobs()).length, 1);
    assert.equal(connector.exchanges({ kind: 'callback', transferProcessId: transfer.id }).length, 1);
    assert.equal(service.entries.filter(({ msg }) => msg === 'this replica leads').length, 1);
  },
);
