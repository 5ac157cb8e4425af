import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { waitUntil } from '../../test/support/wait-until.ts';
import { askAll } from './ask-all.ts';
import { inFlight } from './in-flight.ts';
import { inTurns, median } from './in-turns.ts';
import { makeRequests, type ProvisionBody } from './make-requests.ts';
import type { RatioRow } from './print-ratios.ts';
import { buildRawJobs } from './raw-jobs.ts';
import type { RealBench } from './run-real.ts';
import { openServiceWorld, type RealServers, type ServiceWorld } from './service-world.ts';
import { startKubernetes } from './start-kubernetes.ts';
import { startMinio } from './start-minio.ts';

const atOnce = 32;
const settledMillis = 300_000;
const callbackPrefix = 'http://127.0.0.1:9/callback';

/** What a busy machine answers late is counted as slow, not as failed. */
const settings = { http: { answerDeadlineMillis: 25_000 } };

interface Contestant {
  name: string;
  /** Accepts or creates all of them; answers the seconds that it took. */
  run: (world: ServiceWorld, requests: ProvisionBody[]) => Promise<number>;
}

/**
 * Requests answered per second beside a script that creates the very same Jobs with the service's own client: once while
 * another replica reconciles (what the request half costs), once while the service prepares and starts what it accepts.
 */
export async function benchAccept({ folder, quick, rounds }: RealBench): Promise<RatioRow[]> {
  await using stack = new AsyncDisposableStack();
  const own = join(folder, 'accept');
  await mkdir(own);
  const store = await startMinio(own, stack);
  const servers = { folder: own, store, kubeconfig: await startKubernetes(own, stack) };
  const count = quick ? 300 : 1000;
  const contestants = [standby, leading, raw];
  const rates = await inTurns(contestants, rounds, async (contestant, round) => {
    const rate = count / (await accept(servers, contestant, count));
    process.stderr.write(`${contestant.name}, round ${round}: ${rate.toFixed(1)} a second\n`);
    return rate;
  });
  const [alone, both, theirs] = contestants.map((contestant) => median(rates.get(contestant) ?? []));
  const common = { unit: '1/s', theirs: theirs ?? NaN, beside: 'raw client, same Jobs' } as const;
  const goal = { atLeastRatio: 0.8 };
  return [
    {
      ...common,
      name: `${count} requests accepted, ${atOnce} at once, another replica leads`,
      ours: alone ?? NaN,
      goal,
    },
    {
      ...common,
      name: 'the same while this replica leads: prepares and starts them, too',
      ours: both ?? NaN,
      goal,
    },
  ];
}

async function accept(servers: RealServers, { run }: Contestant, count: number): Promise<number> {
  await using world = await openServiceWorld(servers, { callbackPrefix, settings });
  const seconds = await run(world, makeRequests(count, callbackPrefix));
  const jobs = await world.namespace.jobs();
  if (jobs.length !== count) throw new Error(`${jobs.length} Jobs of ${count} are there`);
  await world.service.kill();
  // What the controllers still have to do with these Jobs is not the next one's burden.
  await waitUntil(
    'the Job controller has seen all of them',
    async () => {
      return (await world.namespace.jobs()).every(
        ({ status }) => (status?.conditions?.length ?? 0) > 0 || status?.startTime !== undefined,
      );
    },
    { deadlineMs: settledMillis, everyMs: 500 },
  );
  return seconds;
}

const standby: Contestant = {
  name: 'service, another replica leads',
  async run(world, requests) {
    await holdLease(world);
    return await ask(world, requests);
  },
};

const leading: Contestant = { name: 'service that leads', run: ask };

const raw: Contestant = {
  name: 'raw client',
  async run(world, requests) {
    const jobs = await buildRawJobs(world, requests);
    const { cluster } = world.namespace;
    const signal = AbortSignal.timeout(settledMillis);
    await cluster.jobs.list({ limit: 1 }, signal);
    return await timed(() =>
      inFlight(jobs, atOnce, async (job) => {
        await cluster.jobs.create(job, signal);
      }),
    );
  },
};

/** As if another replica led, one that never ends. */
async function holdLease({ namespace }: ServiceWorld): Promise<void> {
  const now = new Date().toISOString().replace('Z', '000Z');
  const spec = { holderIdentity: 'another', leaseDurationSeconds: 3600, acquireTime: now, renewTime: now };
  const lease = { metadata: { name: 'edc-job-provisioner' }, spec };
  await namespace.cluster.leases.create(lease, AbortSignal.timeout(10_000));
}

async function ask({ service, provisionUrl }: ServiceWorld, requests: ProvisionBody[]): Promise<number> {
  await service.start();
  return await timed(() => askAll(provisionUrl, requests, atOnce));
}

async function timed(act: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await act();
  return (performance.now() - start) / 1000;
}
