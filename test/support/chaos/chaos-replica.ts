import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startCountingProxy, type Verdict, type ProxyHooks } from '../counting-proxy.ts';
import { readKubeconfig, writeProxiedKubeconfig } from '../kubeconfig.ts';
import type { ServiceProcess } from '../service-process.ts';
import type { World } from '../world.ts';

/** A replica whose ways to API server and store can be disturbed. */
export interface ChaosReplica {
  service: ServiceProcess;
  cluster: Way;
  store: Way;
}

/** How the requests of one way fare: asked for each. */
export class Way implements ProxyHooks {
  trouble: (() => Verdict | Promise<Verdict>) | undefined;

  before(): Verdict | Promise<Verdict> {
    return this.trouble?.() ?? true;
  }

  after(): boolean {
    return true;
  }
}

export async function addReplica(world: World, stack: AsyncDisposableStack): Promise<ChaosReplica> {
  const [cluster, store] = [new Way(), new Way()];
  const api = await readKubeconfig(world.access.kubeconfig);
  const apiTarget = { url: api.server, keepHost: false, ...(api.ca === undefined ? {} : { ca: api.ca }) };
  const storeTarget = { url: world.servers.s3.endpoint, keepHost: true };
  const clusterProxy = stack.use(await startCountingProxy('cluster', apiTarget, cluster));
  const storeProxy = stack.use(await startCountingProxy('store', storeTarget, store));
  const kubeconfig = join(world.folder, `kubeconfig-${world.services.length}`);
  const service = await world.addService({
    cluster: {
      kubeconfig: await writeProxiedKubeconfig(kubeconfig, { access: api, proxy: clusterProxy.url }),
    },
    store: { endpoint: storeProxy.url, podEndpoint: world.servers.s3.podEndpoint },
  });
  return { service, cluster, store };
}

/** A request in this trouble finds nobody. */
export function cutOff(): Verdict {
  return false;
}

export async function slow(): Promise<Verdict> {
  await delay(400);
  return true;
}

export function answering(statuses: readonly number[]): () => Verdict {
  let count = 0;
  return () => {
    count += 1;
    // Every other request passes, so that a step may fail at any of its requests.
    return count % 2 === 0 ? true : (statuses[Math.floor(count / 2) % statuses.length] ?? 500);
  };
}
