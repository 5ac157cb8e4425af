import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectCluster, type Cluster } from '../kubernetes/cluster.ts';
import type { Logger } from '../log.ts';
import type { Manifest } from '../result/manifest.ts';
import { readManifest } from '../result/read-manifest.ts';
import { checkReceived } from './check-received.ts';
import { openBucket, type DemoServers } from './demo-servers.ts';
import { loadDemo, type DemoName } from './dialects/demos.ts';
import type { DemoConnector, DemoTransfer } from './dialects/dialect-demo.ts';
import { freePort } from './free-port.ts';
import { interruptConnector } from './interrupt-connector.ts';
import type { FlowView, Milestone } from './milestones.ts';
import { writeResultFolder } from './result-folder.ts';
import { serviceUrl } from './service-environment.ts';
import { startEmbeddedService } from './start-embedded-service.ts';
import type { Step, StepPrinter } from './step-printer.ts';
import { watchFlow } from './watch-flow.ts';

export interface DemoOptions {
  demo: DemoName;
  assetId: string;
  /** Folder of the templates; undefined: those of this project. */
  templates: string | undefined;
  /** The servers may keep their data in the folder, which is removed at the end. */
  startServers: (folder: string) => Promise<DemoServers>;
  /** Each run writes its results into a new folder below this one. */
  output: string;
  version: string;
  printer: StepPrinter;
  log: Logger;
}

interface Stage {
  connector: DemoConnector;
  cluster: Cluster;
  servers: DemoServers;
}

/** Runs one flow from a connector's request to verified bytes at the consumer. Returns the folder of the results; nothing else is left. */
export async function runDemo(options: DemoOptions, signal: AbortSignal): Promise<string> {
  await using stack = new AsyncDisposableStack();
  const stage = await setStage(options, stack, signal);
  // A wait for a transfer that no longer matters would keep the process alive.
  const waits = new AbortController();
  stack.defer(() => {
    waits.abort();
  });
  const waiting = AbortSignal.any([signal, waits.signal]);
  const transfer = stage.connector.startTransfer(options.assetId, waiting);
  const manifest = await untilStarted(options, { stage, transfer }, signal);
  const entries = checkReceived(await transfer.receive(), manifest);
  reportFiles(options, manifest);
  const folder = await writeResultFolder({ output: options.output, name: transfer.flow, entries }, signal);
  await transfer.end();
  const watched = { cluster: stage.cluster, flow: transfer.flow, milestones: transfer.untilEnded };
  await watchFlow(watched, reportTo(options), signal);
  return folder;
}

async function setStage(
  { demo, templates, startServers, printer, version, log }: DemoOptions,
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<Stage> {
  const startConnector = await loadDemo(demo);
  const folder = await mkdtemp(join(tmpdir(), 'edc-job-provisioner-demo-'));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const servers = await startServers(folder);
  stack.defer(() => servers.stop());
  printer.step({ actor: 'cluster', text: servers.descriptions.cluster });
  printer.step({ actor: 'store', text: servers.descriptions.store });
  signal.throwIfAborted();
  let ending = false;
  const connector = await startConnector((step: Step) => {
    if (!ending) printer.step(step);
  });
  stack.defer(() => connector.stop());
  const port = await freePort();
  const env = templates === undefined ? {} : { EDC_JP_TEMPLATES_DIRECTORY: templates };
  const connectors = [connector.entry];
  const service = await startEmbeddedService({ servers, port, version, connectors, env, log });
  stack.defer(() => service.stop());
  const url = serviceUrl(port);
  printer.step({ actor: 'service', text: `listens on ${url}` });
  const { kubeconfig, name: namespace } = servers;
  const cluster = await connectCluster({ kubeconfig, namespace, requestTimeoutMillis: 10_000 });
  stack.defer(() => cluster.close());
  stack.defer(() => {
    ending = true;
  });
  await connector.connect(url, signal);
  signal.throwIfAborted();
  return { connector, cluster, servers };
}

interface StagedTransfer {
  stage: Stage;
  transfer: DemoTransfer;
}

/** Returns the manifest, read before the connector takes the callback, since some deprovision at once. */
async function untilStarted(
  options: DemoOptions,
  { stage, transfer }: StagedTransfer,
  signal: AbortSignal,
): Promise<Manifest> {
  const refused = new AbortController();
  transfer.started.catch((error: unknown) => {
    refused.abort(error);
  });
  const either = AbortSignal.any([signal, refused.signal]);
  try {
    const manifest = await untilDelivered(options, { stage, transfer }, either);
    await transfer.started;
    return manifest;
  } catch (error) {
    throw refused.signal.aborted ? refused.signal.reason : error;
  }
}

/** Takes the connector down when the worker has ended, so that the callback has to be repeated. */
async function untilDelivered(
  options: DemoOptions,
  { stage: { connector, cluster, servers }, transfer: { flow, untilStarted } }: StagedTransfer,
  signal: AbortSignal,
): Promise<Manifest> {
  const interruption = interruptConnector(connector);
  const report = reportTo(options);
  let manifest: Manifest | undefined;
  async function act(milestone: Milestone, text: string, observed: FlowView): Promise<void> {
    await report(milestone, text);
    const { name } = milestone;
    if (name === 'worked') await interruption.goDown();
    if (name === 'verified') manifest = await manifestOf(servers, observed, signal);
    if (name === 'calling') interruption.comeBackSoon();
  }
  try {
    await watchFlow({ cluster, flow, milestones: untilStarted }, act, signal);
  } finally {
    await interruption.end();
  }
  if (manifest === undefined) throw new Error('the results were never verified');
  return manifest;
}

async function manifestOf(
  servers: DemoServers,
  { flow: { name: flow, outcome } }: FlowView,
  signal: AbortSignal,
): Promise<Manifest> {
  if (outcome?.phase !== 'succeeded') throw new Error('the flow has no results');
  const bucket = openBucket(servers);
  const { store } = bucket;
  try {
    const reading = await readManifest({ store, flow, attempt: outcome.results.attempt }, signal);
    if (!reading.found) throw new Error(reading.message);
    return reading.stored.manifest;
  } finally {
    bucket.destroy();
  }
}

function reportTo({ printer }: DemoOptions) {
  return ({ actor }: Milestone, text: string): Promise<void> => {
    printer.step({ actor, text });
    return Promise.resolve();
  };
}

function reportFiles({ printer }: DemoOptions, { files }: Manifest): void {
  for (const { path, size, sha256 } of files) {
    const text = `${path}: ${size} bytes, sha256 ${sha256.slice(0, 12)}… as in the manifest`;
    printer.step({ actor: 'consumer', text });
  }
}
