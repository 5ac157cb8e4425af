import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { flowName } from '../flow/names.ts';
import { connectCluster, type Cluster } from '../kubernetes/cluster.ts';
import type { Logger } from '../log.ts';
import type { Manifest } from '../result/manifest.ts';
import { checkReceived } from './check-received.ts';
import type { ConnectorSimulator, SimulatorEvent } from 'connector-simulator';
import { describeEvent } from './describe-event.ts';
import type { DemoServers } from './demo-servers.ts';
import { freePort } from './free-port.ts';
import { interruptConnector } from './interrupt-connector.ts';
import { loadConnectorSimulator } from './load-packages.ts';
import { writeResultFolder } from './result-folder.ts';
import { startEmbeddedService, type EmbeddedService } from './start-embedded-service.ts';
import type { StepPrinter } from './step-printer.ts';
import { untilForgotten, untilDelivered, watchFlow, type Milestone } from './watch-flow.ts';

export interface DemoOptions {
  assetId: string;
  /** May keep what it has in the folder, which ends with the demo. */
  startServers: (folder: string) => Promise<DemoServers>;
  /** Results are put into a folder of their own below this one. */
  output: string;
  version: string;
  printer: StepPrinter;
  log: Logger;
}

interface Stage {
  simulator: ConnectorSimulator;
  service: EmbeddedService;
  cluster: Cluster;
}

/**
 * One flow from a connector's request to verified bytes and back to an empty store. Returns the folder
 * of the results; whatever happens, nothing else is left.
 */
export async function runDemo(options: DemoOptions, signal: AbortSignal): Promise<string> {
  await using stack = new AsyncDisposableStack();
  const stage = await setStage(options, stack, signal);
  const { simulator } = stage;
  simulator.dropAnswers(1);
  const transfer = simulator.startTransfer({ assetId: options.assetId, mode: 'pull' });
  const ids = { transferProcessId: transfer.id, resourceDefinitionId: transfer.resourceDefinitionId };
  const flow = flowName({ dialect: 'control-plane', connector: connectorName, ids });
  await untilStarted(options, { stage, flow, transferId: transfer.id }, signal);
  const entries = await fetchData(options, { stage, transferId: transfer.id }, signal);
  const folder = await writeResultFolder({ output: options.output, name: flow, entries }, signal);
  simulator.complete(transfer.id);
  await simulator.waitFor(transfer.id, 'DEPROVISIONED', { deadlineMs: noDeadline, signal });
  await followFlow(options, { stage, flow, milestones: untilForgotten }, signal);
  return folder;
}

const connectorName = 'provider';
/** The demo's own deadline is in its signal. */
const noDeadline = 2 ** 31 - 1;

async function setStage(
  { startServers, printer, version, log }: DemoOptions,
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<Stage> {
  const { startConnectorSimulator } = await loadConnectorSimulator();
  const folder = await mkdtemp(join(tmpdir(), 'edc-job-provisioner-demo-'));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const servers = await startServers(folder);
  stack.defer(() => servers.stop());
  printer.step('cluster', servers.told.cluster);
  printer.step('store', servers.told.store);
  signal.throwIfAborted();
  let ending = false;
  const [token, key] = [randomBytes(24).toString('hex'), randomBytes(24).toString('hex')];
  const simulator = await startConnectorSimulator({
    version: '0.15.1',
    provisionUrl: 'http://127.0.0.1:9/',
    managementKey: key,
    assets: {},
    onEvent: (event: SimulatorEvent) => {
      const told = ending ? undefined : describeEvent(event);
      if (told !== undefined) printer.step(told.actor, told.text);
    },
  });
  stack.defer(() => simulator.stop());
  const connector = { name: connectorName, token, key, callbackPrefix: simulator.callbackAddress };
  const port = await freePort();
  const service = await startEmbeddedService({ servers, port, version, connectors: [connector], log });
  stack.defer(() => service.stop());
  simulator.provisionAt(service.provisionUrl(connector));
  printer.step('service', `listens on ${service.url}`);
  const { namespace } = service;
  const settings = { kubeconfig: servers.kubeconfig, namespace, requestTimeoutMillis: 10_000 };
  const cluster = await connectCluster(settings);
  stack.defer(() => cluster.close());
  stack.defer(() => {
    ending = true;
  });
  signal.throwIfAborted();
  return { simulator, service, cluster };
}

/** A transfer that ends before it has started, because its request was refused, ends the demo with it. */
async function untilStarted(
  options: DemoOptions,
  { stage, flow, transferId }: { stage: Stage; flow: string; transferId: string },
  signal: AbortSignal,
): Promise<void> {
  const refused = new AbortController();
  const started = stage.simulator.waitFor(transferId, 'STARTED', { deadlineMs: noDeadline, signal });
  started.catch((error: unknown) => {
    refused.abort(error);
  });
  const either = AbortSignal.any([signal, refused.signal]);
  try {
    await followFlow(options, { stage, flow, milestones: untilDelivered }, either);
  } catch (error) {
    throw refused.signal.aborted ? refusal(stage.simulator, transferId) : error;
  }
  await started;
}

function refusal(simulator: ConnectorSimulator, transferId: string): Error {
  const { errorDetail = 'no reason given' } = simulator.process(transferId);
  const answer = simulator.exchanges({ kind: 'provision', transferProcessId: transferId }).at(-1)?.answer;
  return new Error(
    `the transfer ended before there was data: ${errorDetail}; the service's answer: ${answer ?? ''}`,
  );
}

interface Following {
  stage: Stage;
  flow: string;
  milestones: readonly Milestone[];
}

async function followFlow(
  { printer }: DemoOptions,
  { stage, ...watched }: Following,
  signal: AbortSignal,
): Promise<void> {
  const interruption = interruptConnector(stage.simulator);
  async function tell({ name, actor }: Milestone, text: string): Promise<void> {
    printer.step(actor, text);
    if (name === 'worked') await interruption.begin();
    if (name === 'calling') interruption.endSoon();
  }
  try {
    await watchFlow({ cluster: stage.cluster, ...watched }, tell, signal);
  } finally {
    await interruption.end();
  }
}

async function fetchData(
  { printer }: DemoOptions,
  { stage, transferId }: { stage: Stage; transferId: string },
  signal: AbortSignal,
) {
  const received = await stage.simulator.pull(transferId);
  const [exchange] = stage.simulator.exchanges({ kind: 'source', transferProcessId: transferId });
  const address = new URL(exchange?.target ?? '');
  // The address is a capability for all of the flow's results, its manifest among them.
  const manifestUrl = address.href.replace(/\/(archive\.(zip|tar)|files\/.*)$/, '/manifest.json');
  const answer = await fetch(manifestUrl, { signal });
  if (answer.status !== 200) throw new Error(`the manifest was answered with ${answer.status}`);
  const manifest = (await answer.json()) as Manifest;
  const entries = checkReceived(await readFile(received.path), manifest);
  for (const { path, size, sha256 } of manifest.files)
    printer.step('consumer', `${path}: ${size} bytes, sha256 ${sha256.slice(0, 12)}… as in the manifest`);
  return entries;
}
