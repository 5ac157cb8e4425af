import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ConnectorSimulator, ConnectorVersion } from 'connector-simulator';
import type { ProxyHooks } from './counting-proxy.ts';
import { readKubeconfig, writeProxiedKubeconfig } from './kubeconfig.ts';
import { openProxies } from './open-proxies.ts';
import type { ServiceProcess } from './service-process.ts';
import { startWorld } from './start-world.ts';
import type { World } from './world.ts';

export interface WatchedWorld {
  world: World;
  /** Not started yet. */
  service: ServiceProcess;
  connector: ConnectorSimulator;
}

/** A world with one connector and one service, whose every request to API server, store and callback passes the hooks. */
export async function startWatchedWorld(
  t: TestContext,
  hooks: ProxyHooks,
  version: ConnectorVersion,
): Promise<WatchedWorld> {
  const proxies = await openProxies(hooks);
  t.after(() => proxies.stack.disposeAsync());
  const { callback, cluster, store, provision } = proxies.at;
  const world = await startWorld(t, {
    replicas: 0,
    connectors: [
      {
        name: 'provider',
        version,
        iterationWaitMillis: 5,
        retryDelaysMillis: [0, 50, 100, 200],
        settings: { callbackPrefix: `${callback}/management/callback` },
      },
    ],
  });
  const connector = world.connector();
  const api = await readKubeconfig(world.access.kubeconfig);
  const proxied = { access: api, proxy: cluster };
  const service = await world.addService({
    cluster: { kubeconfig: await writeProxiedKubeconfig(join(world.folder, 'proxied'), proxied) },
    store: { endpoint: store, podEndpoint: world.servers.s3.podEndpoint },
    // One identity for all its lives and a long Lease: the next life leads at once, and few requests are renewals.
    reconciler: { identity: 'the-only-one', leaseSeconds: 60 },
  });
  proxies.aim({
    cluster: api.server,
    ca: api.ca ?? '',
    store: world.servers.s3.endpoint,
    callback: new URL(connector.callbackAddress).origin,
    provision: service.url,
  });
  connector.provisionAt(world.provisionUrl({ service }).replace(service.url, provision));
  return { world, service, connector };
}
