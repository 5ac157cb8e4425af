import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openFlowsSelector } from '../../src/flow/labels.ts';
import type { SeenRequest } from '../support/counting-proxy.ts';
import { assertReceived, gatedFiles } from '../support/flow-ends.ts';
import { readKubeconfig, writeProxiedKubeconfig } from '../support/kubeconfig.ts';
import { openProxies } from '../support/open-proxies.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';

test('a replica that takes over from a dead leader goes on with what it has observed, without a list of its own', async (t) => {
  const seen: SeenRequest[] = [];
  const proxies = await openProxies({ before: (request) => seen.push(request) > 0, after: () => true });
  t.after(() => proxies.stack.disposeAsync());
  const world = await startWorld(t);
  const api = await readKubeconfig(world.access.kubeconfig);
  const proxied = { access: api, proxy: proxies.at.cluster };
  const follower = await world.addService({
    cluster: { kubeconfig: await writeProxiedKubeconfig(join(world.folder, 'proxied'), proxied) },
  });
  const nothing = { store: '', callback: '', provision: '' };
  proxies.aim({ cluster: api.server, ca: api.ca ?? '', ...nothing });
  await follower.start();
  const transfer = world.connector().startTransfer({ assetId: 'gated' });
  await waitUntil('the worker runs', () => world.gate.asked > 0);
  await waitUntil('the follower has a current cache', async () => {
    const { components } = (await follower.health()) as { components: { reconciler: { cache?: string } } };
    return components.reconciler.cache === 'current';
  });
  assert.ok(seen.some(listsOpenFlows), 'its first list was seen');

  seen.length = 0;
  await world.service.kill();
  world.connectAll(follower);
  world.gate.open();
  await assertReceived(world, transfer, gatedFiles);
  assert.deepEqual(seen.filter(listsOpenFlows), []);
  assert.ok(
    seen.some(({ method }) => method === 'PATCH'),
    'the follower took the steps',
  );
});

/** What an informer asks for before it watches; the version of a list of one Job is read at a takeover. */
function listsOpenFlows({ method, path }: SeenRequest): boolean {
  const { pathname, searchParams } = new URL(path, 'http://cluster');
  if (method !== 'GET' || !/\/(jobs|pods)$/.test(pathname) || searchParams.has('watch')) return false;
  return pathname.endsWith('/pods')
    ? !searchParams.get('labelSelector')?.includes('=flow-')
    : searchParams.get('labelSelector') === openFlowsSelector && searchParams.get('limit') !== '1';
}
