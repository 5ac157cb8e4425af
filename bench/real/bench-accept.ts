import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { waitUntil } from '../../test/support/wait-until.ts';
import { sendAll, inFlight, makeRequests, type ProvisionBody } from './requests.ts';
import { openClients, startFlow } from './bare-calls.ts';
import { watchFlows } from './flow-times.ts';
import { inTurns, median } from './in-turns.ts';
import type { RatioRow } from './print-ratios.ts';
import { buildRawJobs } from './raw-jobs.ts';
import type { RealBench } from './run-real.ts';
import { openServiceWorld, type RealServers, type ServiceWorld } from './service-world.ts';
import { startKubernetes, startMinio } from './servers.ts';

const atOnce = 32;
const deadlineMs = 600_000;
const callbackPrefix = 'http://127.0.0.1:9/callback';
/** On a busy machine a late answer counts as slow, not as failed. */
const settings = { http: { answerDeadlineMillis: 25_000 }, cluster: { requestTimeoutMillis: 60_000 } };

interface Contestant {
  name: string;
  /** Whether it also creates what the pods mount, and resumes the Jobs. */
  starts: boolean;
  prepare: (world: ServiceWorld, requests: ProvisionBody[]) => Promise<Prepared>;
}

interface Prepared {
  /** Resolves when all requests are answered, or all Jobs created. */
  run: () => Promise<void>;
  stop: () => Promise<void>;
}

interface Rates {
  accepted: number;
  started: number;
}

/**
 * Compares requests answered per second with a script that creates the same Jobs by the service's own client, while
 * another replica leads; and flows started per second, by a service that leads, with a script that creates all objects.
 */
export async function benchAccept({ folder, quick, rounds }: RealBench): Promise<RatioRow[]> {
  await using stack = new AsyncDisposableStack();
  const own = join(folder, 'accept');
  await mkdir(own);
  const store = await startMinio(own, stack);
  const servers = { folder: own, store, kubeconfig: await startKubernetes(own, stack) };
  const count = quick ? 300 : 1000;
  const contestants = [standby, rawJobs, leading, rawObjects];
  const all = await inTurns(contestants, rounds, async (contestant, round) => {
    const rates = await measure(servers, contestant, count);
    process.stderr.write(`${contestant.name}, round ${round}: ${describe(rates)}\n`);
    return rates;
  });
  function over(contestant: Contestant, of: keyof Rates): number {
    return median((all.get(contestant) ?? []).map((rates) => rates[of]));
  }
  const goal = { atLeastRatio: 0.8 };
  const jobs = { unit: '1/s', theirs: over(rawJobs, 'accepted'), beside: 'raw client, same Jobs' } as const;
  const objects = { ...jobs, theirs: over(rawObjects, 'started'), beside: 'raw client, same objects' };
  const name = `${count} requests, ${atOnce} at once`;
  return [
    { ...jobs, name: `${name}: accepted, another replica leads`, ours: over(standby, 'accepted'), goal },
    { ...jobs, name: `${name}: accepted by the one that leads`, ours: over(leading, 'accepted') },
    { ...objects, name: `${name}: accepted and started`, ours: over(leading, 'started'), goal },
  ];
}

function describe({ accepted, started }: Rates): string {
  return `${accepted.toFixed(1)} a second, with their start ${started.toFixed(1)}`;
}

async function measure(servers: RealServers, { prepare, starts }: Contestant, count: number): Promise<Rates> {
  await using stack = new AsyncDisposableStack();
  const world = stack.use(await openServiceWorld(servers, { callbackPrefix, settings }));
  const namespace = world.namespace.name;
  const watch = await watchFlows({ kubeconfig: servers.kubeconfig, namespace }, { callbacks: new Map() });
  stack.defer(() => watch.done());
  const requests = makeRequests(count, callbackPrefix);
  const { run, stop } = await prepare(world, requests);
  const start = performance.now();
  await run();
  const answered = performance.now();
  if (starts) await waitUntil('all are started', () => watch.times.started.size === count, { deadlineMs });
  const started = Math.max(...(starts ? watch.times.started.values() : []), answered);
  await stop();
  // Waits until the controllers have processed these Jobs, so that they do not slow down the next contestant.
  await waitUntil('the Job controller has seen all of them', () => watch.times.seen.size === count, {
    deadlineMs,
  });
  return { accepted: (count * 1000) / (answered - start), started: (count * 1000) / (started - start) };
}

const standby: Contestant = {
  name: 'service, another replica leads',
  starts: false,
  async prepare(world, requests) {
    await holdLease(world);
    return await startService(world, requests);
  },
};

const leading: Contestant = { name: 'service that leads', starts: true, prepare: startService };

const rawJobs: Contestant = {
  name: 'raw client, Jobs alone',
  starts: false,
  async prepare(world, requests) {
    const jobs = await buildRawJobs(world, requests);
    const { cluster } = world.namespace;
    const signal = AbortSignal.timeout(deadlineMs);
    async function create(job: (typeof jobs)[number]): Promise<void> {
      await cluster.jobs.add(job, signal);
    }
    await cluster.jobs.list({ limit: 1 }, signal);
    return { run: () => inFlight(jobs, atOnce, create), stop: () => Promise.resolve() };
  },
};

const rawObjects: Contestant = {
  name: 'raw client, all objects',
  starts: true,
  async prepare(world, requests) {
    const jobs = await buildRawJobs(world, requests);
    const clients = await openClients(world.settingsFile, world.env);
    const signal = AbortSignal.timeout(deadlineMs);
    async function start(job: (typeof jobs)[number]): Promise<void> {
      await clients.cluster.jobs.add(job, signal);
      await startFlow(clients, job.metadata?.name ?? '');
    }
    await clients.cluster.jobs.list({ limit: 1 }, signal);
    return { run: () => inFlight(jobs, atOnce, start), stop: () => clients.close() };
  },
};

/** Takes the Lease for a replica that does not exist, so that the service never leads. */
async function holdLease({ namespace }: ServiceWorld): Promise<void> {
  // MicroTime has six digits.
  const now = new Date().toISOString().replace('Z', '000Z');
  const spec = { holderIdentity: 'another', leaseDurationSeconds: 3600, acquireTime: now, renewTime: now };
  const lease = { metadata: { name: 'edc-job-provisioner' }, spec };
  await namespace.cluster.leases.create(lease, AbortSignal.timeout(10_000));
}

async function startService(
  { service, provisionUrl }: ServiceWorld,
  requests: ProvisionBody[],
): Promise<Prepared> {
  await service.start();
  return { run: () => sendAll(provisionUrl, requests, atOnce), stop: () => service.kill() };
}
