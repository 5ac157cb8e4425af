import { randomUUID } from 'node:crypto';
import { Agent } from 'undici';
import type { Config, Secrets } from './config/config.ts';
import { builtInDialects } from './dialects/built-in.ts';
import { connectorCalls } from './dialects/connector-calls.ts';
import { checkTemplates } from './dialects/check-templates.ts';
import type { Dialect } from './dialects/dialect.ts';
import { startDialects } from './dialects/start-dialects.ts';
import { provisionRoutes } from './dialects/provision-routes.ts';
import { createHttpServer, createMetricsServer } from './http/create-http-server.ts';
import { createDownloadSlots } from './http/download-slots.ts';
import type { HttpServer } from './http/http-server.ts';
import { createRefusals } from './http/refusals.ts';
import type { Route } from './http/route.ts';
import { apiRoutes } from './http/routes/api/api-routes.ts';
import { demoRoutes } from './http/routes/demo/demo.ts';
import { resultRoutes } from './http/routes/results.ts';
import { resultAddresses } from './result/result-addresses.ts';
import { buildHealthChecks } from './health-checks.ts';
import { connectCluster, type Cluster } from './kubernetes/cluster.ts';
import type { Logger } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createFlowService } from './requests/create-flow-service.ts';
import type { FlowService, RequestDependencies } from './requests/flow-service.ts';
import { createWarningEvents } from './reconciler/observed/warning-events.ts';
import type { LeaderLease } from './reconciler/leadership/leader-lease.ts';
import { observeState, type ObservedState } from './reconciler/observed/observed-state.ts';
import { createCallbackHold } from './answer-first/callback-hold.ts';
import { startReconciler } from './reconciler/start-reconciler.ts';
import type { Connectors } from './reconciler/types.ts';
import { createManifestCache } from './result/manifest-cache.ts';
import { buildStartupChecks, startStartupChecks } from './startup-checks.ts';
import { createCredentialMinter, type CredentialMinter } from './storage/mint-credentials.ts';
import { createObjectStore } from './storage/minio-store.ts';
import type { ObjectStore } from './storage/object-store.ts';
import { createReadAccess, type ReadAccess } from './storage/read-access.ts';
import type { StoreAccess } from './storage/upload/ask-store.ts';
import { createSender } from './storage/upload/send-request.ts';
import { loadTemplates } from './template/load-templates.ts';
import type { Template } from './template/template.ts';

export interface ServiceOptions {
  config: Config;
  secrets: Secrets;
  version: string;
  log: Logger;
  /** Default: those that a configuration may name. */
  dialects?: readonly Dialect[];
}

export interface Service {
  port: number;
  /** Stops accepting, finishes running work, closes all connections; bounded by `http.drainMillis` and `http.shutdownMillis`. */
  stop(): Promise<void>;
  /** The same without waiting for anybody. */
  kill(): Promise<void>;
}

/** A check that failed is repeated until it passes, after some seconds at first and some minutes in the end. */
const checkPace = { deadlineMillis: 10_000, backoff: { firstMillis: 5000, maxMillis: 300_000 } };

/** The composition root: the only place that constructs clients. Returns once it listens. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { config, secrets, log, dialects: known = builtInDialects } = options;
  const warn = warnOfTemplate(log);
  const templates = await loadTemplates(config.templates.directory, config, warn);
  checkTemplates(templates, { dialects: known, connectors: config.connectors, warn });
  const clients = await createClients(config, secrets);
  const { cluster, store, readAccess, dispatcher, uploads } = clients;
  const requests = { cluster, store, config, now: () => new Date() };
  const metrics = createMetrics();
  const stopping = new AbortController();

  const minter = createCredentialMinter(config.store, secrets.store);
  const calls = { config, secrets, dispatcher, metrics };
  const started = startDialects(known, { ...calls, ...requests, log, stopping: stopping.signal });
  const connectors = connectorCalls({ ...calls, dialects: started.dialects });
  const { lease, observed } = startLeading(
    { options, requests, minter, readAccess, metrics, connectors, dispatcher, uploads },
    stopping.signal,
  );
  const flows = createFlowService(requests, observed);
  const checks = startStartupChecks(
    buildStartupChecks({ cluster, store, minter, readAccess, templates, config }),
    { log, ...checkPace },
    stopping.signal,
  );
  const routes = buildRoutes({ options, ...started, templates, flows, store: clients.downloads, readAccess });
  const { now } = requests;
  const components = {
    ...buildHealthChecks({ cluster, store, flows, lease, observed, checks, now }),
    ...started.components,
  };
  const refusals = createRefusals(now);
  const http = createHttpServer({ ...options, components, routes, metrics, refusals });
  const monitoring = createMetricsServer({
    ...{ config, log, metrics, components, refusals },
    ready: () => http.ready,
  });
  async function stop(serving: () => Promise<void>): Promise<void> {
    stopping.abort(new Error('the service stops'));
    await Promise.all([serving(), lease.ended, observed.ended, checks.ended, started.ended]);
    await Promise.all([monitoring?.close(), clients.close()]);
  }
  async function kill(): Promise<void> {
    await stop(() => http.close());
  }
  const port = await listenOr(http, kill);
  if (monitoring !== undefined) await listenOr(monitoring, kill);
  log.info({ port, templates: templates.map(({ name }) => name) }, 'service listens');
  return { port, stop: () => stop(() => http.drain()), kill };
}

function warnOfTemplate(log: Logger): (problem: string) => void {
  return (problem) => {
    log.warn({ problem }, 'template warning');
  };
}

interface LeadingParts {
  options: ServiceOptions;
  connectors: Connectors;
  requests: RequestDependencies;
  minter: CredentialMinter;
  readAccess: ReadAccess;
  metrics: Metrics;
  dispatcher: Agent;
  uploads: StoreAccess;
}

/** Follows the open flows, and reconciles them while this replica leads. */
function startLeading(
  { options: { config, secrets, log }, requests, ...parts }: LeadingParts,
  signal: AbortSignal,
): { lease: LeaderLease; observed: ObservedState } {
  const deps = {
    ...requests,
    ...parts,
    config,
    secrets,
    events: createWarningEvents({ events: requests.cluster.events }),
    callbackHold: createCallbackHold({
      holdMillis: ({ request }) => parts.connectors.rulesOf(request)?.holdMillis ?? 0,
      takeoverHoldMillis: config.reconciler.takeoverHoldMillis,
    }),
    log,
  };
  const observed = observeState(deps, signal);
  return { observed, lease: startReconciler({ ...deps, observed }, signal) };
}

/** A port that is taken must not leave the rest running. */
async function listenOr(http: HttpServer, stop: () => Promise<void>): Promise<number> {
  try {
    return (await http.listen()).port;
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Clients {
  cluster: Cluster;
  store: ObjectStore;
  /** The same store for result bodies, with connections of its own: slow readers must not keep a request from being accepted. */
  downloads: ObjectStore;
  readAccess: ReadAccess;
  /** For data that the service receives. */
  uploads: StoreAccess;
  /** For calls to connectors. */
  dispatcher: Agent;
  close(): Promise<void>;
}

/** More than transfers that run at once. */
const uploadConnections = 8;

/** Beside one for each download, which its reader may hold: for small files read ahead and for manifests, which hold none for long. */
const sharedDownloadConnections = 64;

async function createClients(config: Config, secrets: Secrets): Promise<Clients> {
  const cluster = await connectCluster(config.cluster);
  const storage = createObjectStore(config.store, secrets.store);
  const downloads = createObjectStore(config.store, secrets.store, {
    connections: config.results.maxDownloads + sharedDownloadConnections,
  });
  const { endpoint, region, bucket, requestTimeoutMillis: timeoutMillis } = config.store;
  const sender = createSender({ endpoint, timeoutMillis, connections: uploadConnections, idleMillis: 5000 });
  const credentials = { read: () => secrets.store, forget: () => undefined };
  const dispatcher = new Agent({ connect: { timeout: config.reconciler.deliveryTimeoutMillis } });
  return {
    cluster,
    store: storage.store,
    downloads: downloads.store,
    readAccess: createReadAccess(config.store, secrets.store),
    uploads: { sender, credentials, region, bucket, retry: { firstMillis: 100, maxMillis: 5000 } },
    dispatcher,
    async close() {
      storage.destroy();
      downloads.destroy();
      sender.close();
      await Promise.all([cluster.close(), dispatcher.destroy()]);
    },
  };
}

/** A download without a byte for this long is over. */
const downloadIdleMillis = 60_000;

interface RouteParts {
  options: ServiceOptions;
  dialects: readonly Dialect[];
  templates: Template[];
  flows: FlowService;
  store: ObjectStore;
  readAccess: ReadAccess;
}

function buildRoutes({ options, dialects, templates, flows, store, readAccess }: RouteParts): Route[] {
  const { config, secrets } = options;
  const common = {
    store,
    slots: createDownloadSlots({ limit: config.results.maxDownloads }),
    manifests: createManifestCache(store),
    keys: secrets.resultKeys,
    idleMillis: downloadIdleMillis,
    now: () => new Date(),
  };
  const { http, results } = config;
  const { now } = common;
  const { busyHoldMillis } = http;
  const { connectors } = config;
  const addresses = resultAddresses({ config, secrets, store, readAccess, now });
  const requests = { connectors, secrets: secrets.connectors, templates, flows, busyHoldMillis, now };
  const parts = { ...requests, ...addresses };
  function routesOf(dialect: Dialect): Route[] {
    const own = connectors.filter((one) => one.dialect === dialect.name);
    return dialect.routes?.({ ...parts, connectors: own }) ?? [];
  }
  return [
    ...provisionRoutes(dialects, parts),
    ...dialects.flatMap(routesOf),
    ...resultRoutes({ ...common, flows }),
    ...apiRoutes({ ...common, publicUrl: http.publicUrl, templates, flows, newId: randomUUID }),
    ...demoRoutes({ ...common, http, results, templates, flows, newId: randomUUID }),
  ];
}
