import type { ConnectorSimulator, SimulatorEvent } from 'connector-simulator';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { flowName } from '../flow/names.ts';
import { connectCluster, type Cluster } from '../kubernetes/cluster.ts';
import type { Logger } from '../log.ts';
import type { Manifest } from '../result/manifest.ts';
import { checkReceived } from './check-received.ts';
import { describeEvent } from './describe-event.ts';
import type { DemoServers } from './demo-servers.ts';
import { freePort } from './free-port.ts';
import { interruptConnector } from './interrupt-connector.ts';
import { loadConnectorSimulator } from './load-packages.ts';
import { writeResultFolder } from './result-folder.ts';
import { provisionUrl, serviceUrl } from './service-environment.ts';
import { startEmbeddedService } from './start-embedded-service.ts';
import type { StepPrinter } from './step-printer.ts';
import { untilDeleted, untilDelivered, watchFlow, type Milestone } from './watch-flow.ts';

export interface DemoOptions {
  assetId: string;
  /** The servers may keep their data in the folder, which is removed at the end. */
  startServers: (folder: string) => Promise<DemoServers>;
  /** Each run writes its results into a new folder below this one. */
  output: string;
  version: string;
  printer: StepPrinter;
  log: Logger;
}

interface Stage {
  simulator: ConnectorSimulator;
  cluster: Cluster;
}

/** Runs one flow from a connector's request to verified bytes and an empty store. Returns the folder of the results; nothing else is left. */
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
  await followFlow(options, { stage, flow, milestones: untilDeleted }, signal);
  return folder;
}

const connectorName = 'provider';
/** The signal holds the demo's own deadline. */
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
  printer.step('cluster', servers.descriptions.cluster);
  printer.step('store', servers.descriptions.store);
  signal.throwIfAborted();
  let ending = false;
  const [token, key] = [randomBytes(24).toString('hex'), randomBytes(24).toString('hex')];
  const simulator = await startConnectorSimulator({
    version: '0.15.1',
    provisionUrl: 'http://127.0.0.1:9/',
    managementKey: key,
    assets: {},
    onEvent: (event: SimulatorEvent) => {
      const step = ending ? undefined : describeEvent(event);
      if (step !== undefined) printer.step(step.actor, step.text);
    },
  });
  stack.defer(() => simulator.stop());
  const connector = { name: connectorName, token, key, callbackPrefix: simulator.callbackAddress };
  const port = await freePort();
  const service = await startEmbeddedService({ servers, port, version, connectors: [connector], log });
  stack.defer(() => service.stop());
  const url = serviceUrl(port);
  simulator.provisionAt(provisionUrl(url, connector));
  printer.step('service', `listens on ${url}`);
  const { kubeconfig, name: namespace } = servers;
  const cluster = await connectCluster({ kubeconfig, namespace, requestTimeoutMillis: 10_000 });
  stack.defer(() => cluster.close());
  stack.defer(() => {
    ending = true;
  });
  signal.throwIfAborted();
  return { simulator, cluster };
}

/** Throws if the transfer ends before it has started, because its request was refused. */
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
    `the transfer ended before its data was ready: ${errorDetail}; the service's answer: ${answer ?? ''}`,
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
  async function report({ name, actor }: Milestone, text: string): Promise<void> {
    printer.step(actor, text);
    if (name === 'worked') await interruption.goDown();
    if (name === 'calling') interruption.comeBackSoon();
  }
  try {
    await watchFlow({ cluster: stage.cluster, ...watched }, report, signal);
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
  // The address grants access to all of the flow's results, including the manifest.
  const manifestUrl = address.href.replace(/\/(archive\.(zip|tar)|files\/.*)$/, '/manifest.json');
  const answer = await fetch(manifestUrl, { signal });
  if (answer.status !== 200) throw new Error(`expected the manifest, received status ${answer.status}`);
  const manifest = (await answer.json()) as Manifest;
  const entries = checkReceived(await readFile(received.path), manifest);
  for (const { path, size, sha256 } of manifest.files)
    printer.step('consumer', `${path}: ${size} bytes, sha256 ${sha256.slice(0, 12)}… as in the manifest`);
  return entries;
}
