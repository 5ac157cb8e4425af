import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startStandInPods, type StandInOptions, type StandInPods } from '../../test/support/stand-in-pods.ts';
import { waitUntil } from '../../test/support/wait-until.ts';
import { executable } from '../bench-sidecar.ts';
import { sendAll, makeRequests, type ProvisionBody } from './requests.ts';
import { startConnector, watchFlows, type FlowTimes } from './flow-times.ts';
import { startWatched, type Usage, type Watched } from './measure.ts';
import { buildRawJobs, flowOf } from './raw-jobs.ts';
import type { RealBench } from './run-real.ts';
import { openServiceWorld, type RealServers, type ServiceWorld } from './service-world.ts';
import { startFakeNodes, startKubernetes, startMinio } from './servers.ts';

export interface FlowsTask {
  servers: RealServers;
  by: 'service' | 'bare script';
  count: number;
  ends: keyof typeof paces;
}

export interface FlowsRun extends Usage {
  /** From the first request, or Job, until all flows are closed, without the pause between start and end. */
  wallSeconds: number;
  /** Milliseconds for each flow, from the event in the bench's own watch. */
  podEndToCallback: number[];
  jobEndToCallback: number[];
  /** The service's requests for each flow. */
  requests?: { cluster: number; store: number };
}

const templates = fileURLToPath(new URL('../../test/fixtures/templates', import.meta.url));
const bareScript = fileURLToPath(new URL('./bare-script.ts', import.meta.url));
const counter = new URL('./count-requests.ts', import.meta.url).href;

/** How the pods end. */
const paces = {
  /** Each when the flow before is closed. */
  'one by one': { concurrency: 1 },
  /** As soon as the machine can store their results and end them, 16 at a time. */
  'in flight': { concurrency: 16 },
  /** All at the same moment, with their results stored before. */
  'at once': { concurrency: 200, storeEarly: true },
} as const satisfies Record<string, Pick<StandInOptions, 'concurrency' | 'storeEarly'>>;

const deadlineMs = 900_000;
const answerDeadlineMillis = 15_000;
const callbackHoldMillis = 200;
/** Longer than the callback hold after any answer: the measured part must not include it. */
const restMillis = answerDeadlineMillis + callbackHoldMillis + 2000;

/** Starts the servers of one part of the bench: a control plane, fake nodes and MinIO. */
export async function startFlowServers(
  { folder }: RealBench,
  part: string,
  stack: AsyncDisposableStack,
): Promise<RealServers> {
  const own = join(folder, part);
  await mkdir(own);
  const store = await startMinio(own, stack);
  const kubeconfig = await startKubernetes(own, stack);
  await startFakeNodes(own, stack);
  return { folder: own, store, kubeconfig };
}

/** Starts `count` flows, waits until all pods run, then ends the pods; by the service, or by a script that makes the same calls. */
export async function runFlows({ servers, by, count, ends }: FlowsTask): Promise<FlowsRun> {
  await using stack = new AsyncDisposableStack();
  const connector = stack.use(await startConnector());
  const { callbackAddress } = connector;
  // On a busy machine a late answer counts as slow, not as failed.
  const cluster = { requestTimeoutMillis: 60_000 };
  const settings = { http: { answerDeadlineMillis }, cluster, reconciler: { callbackHoldMillis } };
  const world = stack.use(
    await openServiceWorld(servers, { callbackPrefix: callbackAddress, templates, settings }),
  );
  const requests = makeRequests(count, callbackAddress, 'stand-in');
  const namespace = world.namespace.name;
  const watch = await watchFlows({ kubeconfig: servers.kubeconfig, namespace }, connector);
  stack.defer(() => watch.done());
  const { closed } = watch.times;
  async function afterEnd(flow: string): Promise<void> {
    await waitUntil(`the end of ${flow}`, () => closed.has(flow), { deadlineMs, everyMs: 5 });
  }
  const pace = { ...paces[ends], ...(ends === 'one by one' ? { afterEnd } : {}) };
  const pods = stack.use(await startPods(servers, world, pace));

  const start = performance.now();
  const actor = await (by === 'service' ? startService(world, requests) : startBare(world, requests));
  stack.defer(() => {
    actor.child.kill('SIGKILL');
  });
  await waitUntil('all pods run', () => pods.running() === count, { deadlineMs, everyMs: 50 });
  const started = performance.now();
  await delay(restMillis);
  const end = performance.now();
  pods.end();
  await waitUntil('all flows are closed', () => watch.times.closed.size === count, {
    deadlineMs,
    everyMs: 50,
  });
  const wallSeconds = (performance.now() - end + (started - start)) / 1000;
  actor.child.kill('SIGTERM');
  const usage = await actor.ended;
  const flows = new Map(requests.map((body) => [flowOf(body), body.transferProcessId]));
  const counts = by === 'service' ? { requests: await readCounts(world, count) } : {};
  return { wallSeconds, ...usage, ...latencies(watch.times, flows), ...counts };
}

function startPods(
  servers: RealServers,
  world: ServiceWorld,
  pace: Pick<StandInOptions, 'concurrency' | 'storeEarly' | 'afterEnd'>,
): Promise<StandInPods> {
  return startStandInPods({
    ...pace,
    kubeconfig: servers.kubeconfig,
    namespace: world.namespace.name,
    bucket: world.bucket.name,
    s3: servers.store,
    files: (flow) => ({ 'result.txt': `of ${flow}\n` }),
  });
}

async function startService(world: ServiceWorld, requests: ProvisionBody[]): Promise<Watched> {
  const watched = startWatched(process.execPath, ['--import', counter, executable, 'serve'], {
    ...world.env,
    EDC_JP_CONFIG: world.settingsFile,
    BENCH_COUNTS: countsFile(world),
  });
  await waitUntil('the service is ready', () => world.service.isReady(), { deadlineMs });
  await sendAll(world.provisionUrl, requests, 32);
  return watched;
}

async function startBare(world: ServiceWorld, requests: ProvisionBody[]): Promise<Watched> {
  const file = join(world.folder, 'jobs.json');
  await writeFile(file, JSON.stringify(await buildRawJobs(world, requests)));
  const env = { ...world.env, BENCH_SETTINGS: world.settingsFile, BENCH_JOBS: file };
  return startWatched(process.execPath, [bareScript], env);
}

function latencies(
  { podEnd, jobEnd, callback }: FlowTimes,
  flows: Map<string, string>,
): Pick<FlowsRun, 'podEndToCallback' | 'jobEndToCallback'> {
  function since(ends: Map<string, number>): number[] {
    return Array.from(flows, ([flow, id]) => (callback.get(id) ?? NaN) - (ends.get(flow) ?? NaN)).filter(
      (millis) => !Number.isNaN(millis),
    );
  }
  return { podEndToCallback: since(podEnd), jobEndToCallback: since(jobEnd) };
}

async function readCounts(world: ServiceWorld, count: number): Promise<{ cluster: number; store: number }> {
  const text = await readFile(countsFile(world), 'utf8');
  const { cluster = NaN, store = NaN } = JSON.parse(text) as { cluster?: number; store?: number };
  return { cluster: cluster / count, store: store / count };
}

function countsFile({ folder }: ServiceWorld): string {
  return join(folder, 'counts.json');
}

/** The end of a progress line; empty for the script. */
export function describeRequests(requests: FlowsRun['requests']): string {
  if (requests === undefined) return '';
  const [cluster, store] = [requests.cluster.toFixed(1), requests.store.toFixed(1)];
  return `, ${cluster} requests to the cluster and ${store} to the store per flow`;
}
