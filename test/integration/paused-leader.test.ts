import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { ProxyHooks, SeenRequest } from '../support/counting-proxy.ts';
import { readKubeconfig, writeProxiedKubeconfig } from '../support/kubeconfig.ts';
import { openProxies } from '../support/open-proxies.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

test('a leader that was paused right before its callback sends and writes nothing when it goes on: another has delivered', async (t) => {
  const watch = new Watch();
  const { world, leader } = await startWatchedLeader(t, watch);
  // It holds the Lease for so long that it keeps it on a starved machine, too: the paused one must not lead again by right.
  const other = await world.addService({ reconciler: { leaseSeconds: 60 } });
  await other.start();
  world.connectAll(other);
  const transfer = world.connector().startTransfer({ assetId: 'echo', mode: 'pull' });
  const flow = world.flowOf(transfer);
  // The connector is called next: when the write of its attempt is answered, the leader gets no turn to hear it.
  watch.pauseAt = async ({ proxy, method }) => {
    if (proxy !== 'cluster' || method !== 'PATCH') return false;
    return (await world.namespace.flow(flow))?.delivery !== undefined;
  };
  watch.pause = () => {
    leader.pause();
  };
  await waitUntil('the leader to be paused', () => watch.paused);
  await world.connector().waitFor(transfer.id, 'STARTED');

  watch.seen.length = 0;
  watch.release();
  leader.goOn();
  await waitUntil('the leader to notice', () => said(leader, 'this replica lost the Lease'));
  await waitUntil('it to stand by', () => watch.seen.filter(isLook).length >= 2);
  assert.deepEqual(watch.seen.filter(isWrite), []);
  assert.equal(leader.entries.filter(({ msg }) => msg === 'this replica leads').length, 1);
  assert.equal(world.connector().exchanges({ kind: 'callback' }).length, 1);
});

async function startWatchedLeader(
  t: TestContext,
  watch: Watch,
): Promise<{ world: World; leader: ServiceProcess }> {
  const proxies = await openProxies(watch);
  t.after(() => proxies.stack.disposeAsync());
  const world = await startWorld(t, { replicas: 0 });
  const api = await readKubeconfig(world.access.kubeconfig);
  const proxied = { access: api, proxy: proxies.at.cluster };
  const leader = await world.addService({
    cluster: { kubeconfig: await writeProxiedKubeconfig(join(world.folder, 'proxied'), proxied) },
    store: { endpoint: proxies.at.store, podEndpoint: world.servers.s3.podEndpoint },
  });
  proxies.aim({
    cluster: api.server,
    ca: api.ca ?? '',
    store: world.servers.s3.endpoint,
    callback: '',
    provision: '',
  });
  await leader.start();
  await waitUntil('it to lead', () => said(leader, 'this replica leads'));
  return { world, leader };
}

/** Sees what the leader asks of cluster and store, and pauses it at an answer. */
class Watch implements ProxyHooks {
  readonly seen: SeenRequest[] = [];
  pauseAt: (request: SeenRequest) => Promise<boolean> = () => Promise.resolve(false);
  pause: () => void = () => undefined;
  paused = false;
  readonly #released = Promise.withResolvers<undefined>();

  before(request: SeenRequest): boolean {
    this.seen.push(request);
    return true;
  }

  async after(request: SeenRequest): Promise<boolean> {
    if (this.paused || !(await this.pauseAt(request))) return true;
    this.paused = true;
    this.pause();
    await this.#released.promise;
    return true;
  }

  release(): void {
    this.#released.resolve(undefined);
  }
}

function isLook({ method, path }: SeenRequest): boolean {
  return method === 'GET' && path.includes('/leases/');
}

/** A renewal that was under way is none: it names the version of the Lease that it knows, and loses. */
function isWrite({ method, path }: SeenRequest): boolean {
  return method !== 'GET' && method !== 'HEAD' && !path.includes('/leases/');
}

function said(service: ServiceProcess, text: string): boolean {
  return service.entries.some(({ msg }) => msg === text);
}
