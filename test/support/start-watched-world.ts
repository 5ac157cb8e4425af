import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ConnectorSimulator, ConnectorVersion } from 'connector-simulator';
import type { ProxyHooks } from './counting-proxy.ts';
import { readKubeconfig, writeProxiedKubeconfig } from './kubeconfig.ts';
import { openProxies, type Proxies } from './open-proxies.ts';
import type { ServiceProcess } from './service-process.ts';
import { startWorld, type WorldOptions } from './start-world.ts';
import type { World } from './world.ts';

export interface WatchedService {
  world: World;
  /** Not started yet. */
  service: ServiceProcess;
  /** The service is called at `at.provision`. */
  at: Proxies['at'];
}

export interface WatchedOptions {
  hooks: ProxyHooks;
  /** The requests that the service receives pass the hooks as well, downloads included. */
  received?: boolean;
  /** Its settings name the connector by the proxy's address. */
  world: (at: Proxies['at']) => WorldOptions;
  /** Where the connector listens. */
  connectorUrl: (world: World) => string;
  /** Where pushes go. */
  sink?: string;
}

/** A world with one service, whose every request to API server, store, connector and sink passes the hooks. */
export async function watchService(t: TestContext, options: WatchedOptions): Promise<WatchedService> {
  const { hooks, received = false } = options;
  const proxies = await openProxies(hooks, received ? hooks : undefined);
  t.after(() => proxies.stack.disposeAsync());
  const { at } = proxies;
  const world = await startWorld(t, { replicas: 0, ...options.world(at) });
  const api = await readKubeconfig(world.access.kubeconfig);
  const proxied = { access: api, proxy: at.cluster };
  const service = await world.addService({
    cluster: { kubeconfig: await writeProxiedKubeconfig(join(world.folder, 'proxied'), proxied) },
    store: { endpoint: at.store, podEndpoint: world.servers.s3.podEndpoint },
    ...(received ? { http: { publicUrl: at.provision } } : {}),
    // One identity for all its lives and a long Lease: the next life leads at once, and few requests are renewals.
    reconciler: { identity: 'the-only-one', leaseSeconds: 60 },
  });
  proxies.aim({
    cluster: api.server,
    ca: api.ca ?? '',
    store: world.servers.s3.endpoint,
    callback: new URL(options.connectorUrl(world)).origin,
    provision: service.url,
    sink: options.sink ?? '',
  });
  return { world, service, at };
}

export interface WatchedWorld {
  world: World;
  /** Not started yet. */
  service: ServiceProcess;
  connector: ConnectorSimulator;
}

/** The same with one connector whose control plane provisions. */
export async function startWatchedWorld(
  t: TestContext,
  hooks: ProxyHooks,
  version: ConnectorVersion,
): Promise<WatchedWorld> {
  const { world, service, at } = await watchService(t, {
    hooks,
    world: ({ callback }) => ({
      connectors: [
        {
          name: 'provider',
          version,
          iterationWaitMillis: 5,
          retryDelaysMillis: [0, 50, 100, 200],
          settings: { callbackPrefix: `${callback}/management/callback` },
        },
      ],
    }),
    connectorUrl: (started) => started.connector().callbackAddress,
  });
  const connector = world.connector();
  connector.provisionAt(world.provisionUrl({ service }).replace(service.url, at.provision));
  return { world, service, connector };
}
