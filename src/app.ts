import { randomUUID } from 'node:crypto';
import type { Agent } from 'undici';
import { createClients, type Clients } from './clients.ts';
import { readAuthorities } from './cluster-objects/authorities.ts';
import type { Config, Secrets } from './config/config.ts';
import { builtInDialects } from './dialects/built-in.ts';
import { connectorCalls } from './dialects/connector-calls.ts';
import type { Dialect } from './dialects/dialect.ts';
import { startDialects } from './dialects/start-dialects.ts';
import { provisionRoutes } from './dialects/provision-routes.ts';
import { createHttpServer, createMetricsServer } from './http/create-http-server.ts';
import { createEnvFiles } from './env-files/env-files.ts';
import { createDownloadSlots } from './http/download-slots.ts';
import type { HttpServer } from './http/http-server.ts';
import { createRefusals } from './http/refusals.ts';
import type { Route } from './http/route.ts';
import { resolveJobInputs } from './http/routes/api/jobs/resolve-job-inputs.ts';
import { apiRoutes } from './http/routes/api/api-routes.ts';
import { compatibilityOf } from './http/routes/compatibility/compatibility-routes.ts';
import { demoRoutes } from './http/routes/demo/demo.ts';
import { inboxRoutes } from './http/routes/inbox.ts';
import { resultRoutes } from './http/routes/results.ts';
import { settingsRoute } from './http/routes/settings.ts';
import { resultAddresses } from './result/result-addresses.ts';
import { buildHealthChecks } from './health-checks.ts';
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
import { loadShipped, startTemplates } from './start-templates.ts';
import { inboxParts, inputFileParts } from './reception-parts.ts';
import { buildStartupChecks, startStartupChecks } from './startup-checks.ts';
import { createCredentialMinter, type CredentialMinter } from './storage/mint-credentials.ts';
import type { ReadAccess } from './storage/read-access.ts';
import type { StoreAccess } from './storage/upload/ask-store.ts';
import type { TemplateCatalog } from './template-store/template-catalog.ts';

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

/** The composition root: with `clients.ts`, the only place that constructs clients. Returns once it listens. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { config, secrets, log, dialects: known = builtInDialects } = options;
  await readAuthorities(config.pods);
  const shipped = await loadShipped({ config, log, dialects: known });
  const metrics = createMetricsFor(options, shipped);
  const clients = await createClients(config, secrets, metrics);
  const stopping = new AbortController();
  const { catalog, followed } = await startTemplates(shipped, clients, stopping.signal);
  const { templates } = catalog;
  const { cluster, store, readAccess, dispatcher, uploads } = clients;
  const requests = { cluster, store, config, now: () => new Date() };
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
  const routes = buildRoutes({ options, ...started, catalog, flows, clients, stopping: stopping.signal });
  const compatibility = compatibilityOf({ settings: config.compatibility, templates });
  const components = {
    ...buildHealthChecks({ cluster, store, flows, lease, observed, checks, now: requests.now }),
    ...started.components,
  };
  const refusals = createRefusals(requests.now);
  const http = createHttpServer({ ...options, components, routes, metrics, refusals, compatibility });
  const monitoring = createMetricsServer({
    ...{ config, log, metrics, components, refusals },
    ready: () => http.ready,
  });
  async function stop(serving: () => Promise<void>): Promise<void> {
    stopping.abort(new Error('the service stops'));
    await Promise.all([serving(), lease.ended, observed.ended, checks.ended, started.ended, followed]);
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

function createMetricsFor(
  { config: { connectors }, version }: ServiceOptions,
  { templates }: Awaited<ReturnType<typeof loadShipped>>,
): Metrics {
  return createMetrics({ version, templates, connectors });
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

/** A download without a byte for this long is over. */
const downloadIdleMillis = 60_000;

interface RouteParts {
  options: ServiceOptions;
  dialects: readonly Dialect[];
  catalog: TemplateCatalog;
  flows: FlowService;
  clients: Clients;
  stopping: AbortSignal;
}

function buildRoutes({ options, dialects, catalog, flows, clients, stopping }: RouteParts): Route[] {
  const { downloads: store, readAccess } = clients;
  const { config, secrets, version } = options;
  const { templates } = catalog;
  const common = {
    store,
    slots: createDownloadSlots({ limit: config.results.maxDownloads }),
    manifests: createManifestCache(store),
    keys: secrets.resultKeys,
    idleMillis: downloadIdleMillis,
    now: () => new Date(),
  };
  const { http, results, connectors, transfers } = config;
  const { now } = common;
  const envFileParts = { ...config.envFiles, answerMillis: http.answerDeadlineMillis, now };
  const envFiles = createEnvFiles({ ...clients, ...envFileParts });
  const supply = { envFiles, envFileLimits: config.envFiles, catalog, templateSettings: config.templates };
  const inputFiles = { ...inputFileParts(config, clients), now, newId: randomUUID };
  const sources = { store: clients.store, objects: clients.uploads, config, now };
  const addresses = resultAddresses({ config, secrets, store, readAccess, now });
  const requests = { connectors, templates, envFiles, flows, now, busyHoldMillis: http.busyHoldMillis };
  const parts = { ...requests, ...addresses, secrets: secrets.connectors };
  function routesOf(dialect: Dialect): Route[] {
    const own = connectors.filter((one) => one.dialect === dialect.name);
    return dialect.routes?.({ ...parts, connectors: own }) ?? [];
  }
  return [
    ...provisionRoutes(dialects, parts),
    ...dialects.flatMap(routesOf),
    settingsRoute({ config, version }),
    ...resultRoutes({ ...common, flows }),
    ...apiRoutes({
      ...{ ...common, publicUrl: http.publicUrl, templates, flows, stopping, newId: randomUUID },
      inputs: (wanted, signal) => resolveJobInputs({ flows, sources }, wanted, signal),
      ...{ inputFiles, connectors, transfers, ...supply, priorities: config.pods.priorities },
    }),
    ...inboxRoutes({
      ...{ ...common, ...inboxParts(config, clients), flows, inputFiles },
      deliveries: { ...clients, ...supply, templates },
    }),
    ...demoRoutes({ ...common, http, results, templates, flows, newId: randomUUID }),
  ];
}
