import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startApi, type ClusterRegistry } from 'embedded-kubernetes/api';
import { startStore } from 'embedded-s3';
import { freePort } from '../src/demo/free-port.ts';
import { annotation, writeAnnotation } from '../src/flow/annotations.ts';
import type { Job, Lease, Pod } from '../src/kubernetes/types.ts';
import { ServiceProcess } from '../test/support/service-process.ts';
import { waitUntil } from '../test/support/wait-until.ts';
import { readMemory } from './measured-process.ts';
import { buildRawJobs } from './real/raw-jobs.ts';
import { makeRequests } from './real/requests.ts';
import { openServiceWorld, type ServiceWorld } from './real/service-world.ts';
import type { Measurement } from './report.ts';

const mebibyte = 1024 * 1024;
/** After the first lists: what they leave is collected, and pages are given back. */
const restMillis = 20_000;
const patience = { deadlineMs: 300_000 };

interface Bench {
  registry: ClusterRegistry;
  world: ServiceWorld;
  /** Flows, by name. */
  flows: string[];
}

/** Two replicas over many running flows: memory, how long a start takes until all of them are known, and two takeovers. */
export async function benchReplicas(options: { folder: string; flows: number }): Promise<Measurement[]> {
  await using stack = new AsyncDisposableStack();
  // As in the image. Passed on to the services; the first end in order fills it.
  process.env['NODE_COMPILE_CACHE'] = join(options.folder, 'compile-cache');
  const bench = await openBench(options, stack);
  const { world } = bench;
  const { service: first } = world;
  const second = await secondReplica(world);
  stack.defer(() => second.kill());
  const starts = [await startToSynced(first), await startToSynced(second)];
  await waitUntil('the first leads', () => leads(first), patience);
  await delay(restMillis);
  const memories = [first, second].map(({ pid = 0 }) => readMemory(pid));
  const killed = await takeoverAfter(bench, () => first.kill(), 'kill');
  starts.push(await startToSynced(first));
  const stopped = await takeoverAfter(bench, () => second.stop(), 'stop');
  const name = `${options.flows} active flows`;
  return [
    limit(`${name}: Lease run out to first step`, killed, { goal: 2, unit: 's' }),
    limit(`${name}: Lease released to first step`, stopped, { goal: 2, unit: 's' }),
    limit(`${name}: start to synced`, Math.max(...starts), { goal: 5, unit: 's' }),
    limit(`${name}: memory`, highest(memories, 'restBytes'), { goal: 300, unit: 'MiB' }),
    limit(`${name}: peak memory`, highest(memories, 'peakBytes'), { unit: 'MiB' }),
  ];
}

function limit(
  name: string,
  ours: number,
  { goal = Infinity, unit }: { goal?: number; unit: 's' | 'MiB' },
): Measurement {
  return { kind: 'limit', name, ours, goal, unit };
}

function highest(memories: ReturnType<typeof readMemory>[], member: 'restBytes' | 'peakBytes'): number {
  return Math.max(...memories.map((memory) => memory[member])) / mebibyte;
}

/** The API server alone, without controllers: nothing happens to a flow by itself. */
async function openBench(
  { folder, flows: count }: { folder: string; flows: number },
  stack: AsyncDisposableStack,
): Promise<Bench> {
  const kubeconfig = join(folder, 'kubeconfig');
  const { registry, ...api } = await startApi({ kubeconfig });
  stack.defer(() => api.stop());
  const keys = { accessKeyId: 'bench-operator', secretAccessKey: 'bench-bench-bench-bench' };
  const store = await startStore({ directory: join(folder, 'replicas-store'), ...keys });
  stack.defer(() => store.stop());
  const world = stack.use(
    await openServiceWorld(
      { folder, kubeconfig, store: { ...keys, endpoint: store.url, region: 'us-east-1' } },
      { callbackPrefix: 'http://127.0.0.1:9/', settings: { log: { level: 'info' } } },
    ),
  );
  await world.service.start();
  await world.service.stop();
  process.stderr.write(`${count} running flows\n`);
  const jobs = await buildRawJobs(world, makeRequests(count, 'http://127.0.0.1:9/callback'));
  for (const job of jobs) createRunning(registry, job, world.namespace.name);
  return { registry, world, flows: jobs.map(({ metadata }) => metadata?.name ?? '') };
}

/** The Job as the reconciler leaves it once its pod runs, and that pod. */
function createRunning(registry: ClusterRegistry, job: Job, namespace: string): void {
  const now = new Date().toISOString();
  const expires = new Date(Date.now() + 86_400_000).toISOString();
  const { annotations, labels, finalizers, name = '' } = job.metadata ?? {};
  const started = {
    [annotation.startedAt]: now,
    ...writeAnnotation(annotation.credentials, { mintedAt: now, expiration: expires }),
  };
  registry.create('jobs', {
    ...job,
    metadata: { name, namespace, labels, finalizers, annotations: { ...annotations, ...started } },
    spec: { ...job.spec, suspend: false },
  } as never);
  const { template } = job.spec ?? {};
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...template?.metadata, name: `${name}-abcde`, namespace },
    spec: template?.spec,
  } as unknown as Pod;
  registry.create('pods', pod);
  registry.update(
    { resource: 'pods', namespace, name: `${name}-abcde` },
    {
      ...registry.get({ resource: 'pods', namespace, name: `${name}-abcde` }),
      status: runningStatus(now),
    },
    'status',
  );
}

function runningStatus(startedAt: string): object {
  const container = {
    ready: true,
    restartCount: 0,
    image: 'i',
    imageID: 'i',
    state: { running: { startedAt } },
  };
  return {
    phase: 'Running',
    startTime: startedAt,
    initContainerStatuses: [{ ...container, name: 'uploader' }],
    containerStatuses: [{ ...container, name: 'worker' }],
  };
}

async function secondReplica({ folder, settings, env }: ServiceWorld): Promise<ServiceProcess> {
  const port = await freePort();
  const http = { ...(settings['http'] as object), port, publicUrl: `http://127.0.0.1:${port}` };
  return new ServiceProcess({ name: 'second', port, folder, env, settings: { ...settings, http } });
}

/** From the start of the process until it has read all Jobs and pods. */
async function startToSynced(service: ServiceProcess): Promise<number> {
  const known = countSynced(service);
  const begin = performance.now();
  await service.launch();
  await waitUntil('it is synced', () => countSynced(service) > known, patience);
  return (performance.now() - begin) / 1000;
}

function countSynced({ entries }: ServiceProcess): number {
  return entries.filter(({ msg }) => msg === 'observed state synced').length;
}

async function leads(service: ServiceProcess): Promise<boolean> {
  const { components } = (await service.health()) as { components: { reconciler: { detail?: string } } };
  return components.reconciler.detail === 'leading';
}

/**
 * Seconds from the moment from which the Lease may be taken, by its own times if its holder was killed, to the first write on a Job. The
 * flow that needs a step is cancelled when nobody leads; the pauses between two reads of the Lease are part of what is measured.
 */
async function takeoverAfter(
  { registry, world, flows }: Bench,
  end: () => Promise<unknown>,
  how: 'kill' | 'stop',
): Promise<number> {
  const [namespace, name] = [
    world.namespace.name,
    flows[how === 'kill' ? flows.length - 1 : flows.length - 2] ?? '',
  ];
  const key = { resource: 'jobs', namespace, name };
  const changed = Promise.withResolvers<number>();
  let cancelled = Infinity;
  const unsubscribe = registry.observe(({ resource, object }) => {
    if (resource === 'jobs' && Number(object.metadata.resourceVersion) > cancelled)
      changed.resolve(Date.now());
  });
  await end();
  const ended = Date.now();
  const cancel = writeAnnotation(annotation.cancel, {
    reason: 'cancelled-by-user',
    at: new Date().toISOString(),
  });
  const job = registry.modify(key, ({ metadata }) => {
    metadata.annotations = { ...metadata.annotations, ...cancel };
  });
  cancelled = Number(job?.metadata.resourceVersion);
  const free = how === 'stop' ? ended : ranOutAt(registry, namespace);
  const stepped = await changed.promise;
  unsubscribe();
  if (stepped < free) throw new Error('a step was taken before the Lease was free');
  return (stepped - free) / 1000;
}

function ranOutAt(registry: ClusterRegistry, namespace: string): number {
  const [lease] = registry.list('leases', namespace).items as unknown as Lease[];
  const { renewTime = '', leaseDurationSeconds = 0 } = lease?.spec ?? {};
  return Date.parse(renewTime) + leaseDurationSeconds * 1000;
}
