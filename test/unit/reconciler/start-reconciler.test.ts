import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Agent } from 'undici';
import { ServiceError } from '../../../src/errors.ts';
import type { Cluster } from '../../../src/kubernetes/cluster.ts';
import type { LeaderLease } from '../../../src/reconciler/leadership/leader-lease.ts';
import { observeState, type ObservedState } from '../../../src/reconciler/observed/observed-state.ts';
import { startReconciler } from '../../../src/reconciler/start-reconciler.ts';
import { aJob } from '../../support/flow-job.ts';
import { startTestReconciler, type TestReconciler } from '../../support/test-reconciler.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { memoryStore } from '../result/stored-results.ts';

const { signal } = new AbortController();

interface Replica {
  lease: LeaderLease;
  observed: ObservedState;
  /** `verb kind what` of each request that is not about the Lease, in their order. */
  requests: string[];
  /** What its line to the API server does. */
  line: { pods: boolean; leases: boolean };
  stop: () => Promise<void>;
}

/** None of these flows receives. */
const uploads = {
  sender: {
    host: '127.0.0.1:1',
    send: () => Promise.reject(new Error('not reached')),
    close: () => undefined,
  },
  credentials: { read: () => ({ accessKeyId: '', secretAccessKey: '' }), forget: () => undefined },
  ...{ region: 'r', bucket: 'b', retry: { firstMillis: 1, maxMillis: 1 } },
};

function startReplica(
  { deps, api }: TestReconciler,
  { identity, ...line }: { identity: string } & Partial<Replica['line']>,
): Replica {
  const replica = { requests: [] as string[], line: { pods: true, leases: true, ...line } };
  const cluster = watchedCluster(api.cluster, replica);
  const reconciler = {
    ...deps.config.reconciler,
    ...{ identity, leaseSeconds: 1, backoff: { firstMillis: 5, maxMillis: 20 } },
  };
  const parts = { ...deps, cluster, config: { ...deps.config, reconciler } };
  const stopping = new AbortController();
  const observed = observeState(parts, stopping.signal);
  const lease = startReconciler({ ...parts, observed, dispatcher: new Agent(), uploads }, stopping.signal);
  return {
    ...replica,
    ...{ lease, observed },
    async stop() {
      stopping.abort(new Error('the service stops'));
      await Promise.all([lease.ended, observed.ended]);
    },
  };
}

/** The same for reads and, as nothing guards it, writes. */
function watchedCluster(cluster: Cluster, { requests, line }: Pick<Replica, 'requests' | 'line'>): Cluster {
  function watched<K extends 'jobs' | 'pods' | 'configMaps' | 'secrets' | 'leases'>(kind: K): Cluster[K] {
    return new Proxy(cluster[kind], {
      get(client, verb: keyof Cluster[K] & string) {
        const call = client[verb] as (...parts: unknown[]) => unknown;
        return (...parts: unknown[]) => {
          if (kind === 'leases' && verb === 'replace' && !line.leases) return Promise.reject(unavailable);
          if (kind === 'pods' && verb === 'scan' && !line.pods) return Promise.reject(unavailable);
          if (kind !== 'leases') requests.push(`${verb} ${kind} ${JSON.stringify(parts[0])}`);
          return call(...parts);
        };
      },
    });
  }
  const all: Cluster = {
    ...cluster,
    ...{ jobs: watched('jobs'), pods: watched('pods'), leases: watched('leases') },
    ...{ configMaps: watched('configMaps'), secrets: watched('secrets') },
    guarded: () => all,
  };
  return all;
}

const unavailable = new ServiceError('cluster-unavailable', 'no route');

async function openWorld(t: TestContext): Promise<TestReconciler> {
  const minter = { lifetimeSeconds: undefined, mint: () => Promise.reject(unavailable) };
  const world = await startTestReconciler(t, { store: memoryStore(new Map()), minter });
  await world.api.cluster.jobs.create(aJob({ name: 'flow-a' }), signal);
  return world;
}

async function holderOf({ api }: TestReconciler): Promise<string | undefined> {
  return (await api.cluster.leases.list({}, signal)).items[0]?.spec?.holderIdentity;
}

test('a replica whose first list never succeeds leaves the Lease to another one, says so, and stops when it is told to', async (t) => {
  const world = await openWorld(t);
  const blind = startReplica(world, { identity: 'blind', pods: false });
  await waitUntil('it has tried to list', () => blind.observed.status().problem);
  assert.equal(blind.observed.status().problem?.kind, 'pods');
  const other = startReplica(world, { identity: 'other' });
  await waitUntil('the other one leads', () => other.lease.isLeader());
  await waitUntil('the blind one knows', () => blind.lease.leadership().leader === 'another');
  await other.stop();
  await waitUntil('the Lease is free', () => blind.lease.leadership().leader === 'none');
  assert.equal(await holderOf(world), undefined);
  assert.equal(blind.lease.isLeader(), false);
  await blind.stop();
});

test('a replica leads as soon as its lists succeed, and competes again after it lost the Lease', async (t) => {
  const world = await openWorld(t);
  const replica = startReplica(world, { identity: 'late', pods: false });
  await waitUntil('it has tried to list', () => replica.observed.status().problem);
  replica.line.pods = true;
  await waitUntil('it leads', () => replica.lease.isLeader());
  replica.line.leases = false;
  await waitUntil('the end of its term', () => !replica.lease.isLeader());
  replica.line.leases = true;
  await waitUntil('another term', () => replica.lease.isLeader(), { deadlineMs: 20_000 });
  await replica.stop();
  assert.equal(await holderOf(world), undefined, 'the Lease is released');
});

test('a takeover needs no list of Jobs or pods: the first step is taken from the cache', async (t) => {
  const world = await openWorld(t);
  const first = startReplica(world, { identity: 'first' });
  await waitUntil('the first leads', () => first.lease.isLeader());
  const second = startReplica(world, { identity: 'second' });
  await second.observed.synced;
  await waitUntil('its watches', () => second.requests.filter((one) => one.startsWith('watch')).length === 2);
  await first.stop();
  // By nobody yet: the Lease is free.
  await world.api.cluster.jobs.create(aJob({ name: 'flow-b' }), signal);
  const before = second.requests.length;
  function isStep(request: string): boolean {
    return / "?flow-|"name":"flow-/.test(request);
  }
  await waitUntil('its first step', () => second.requests.slice(before).some(isStep));
  const requests = second.requests.slice(before);
  const needed = requests.slice(0, requests.findIndex(isStep)).filter((one) => !isSweep(one));
  assert.ok(needed.length <= 1, needed.join('\n'));
  for (const request of needed) assert.equal(request, 'list jobs {"limit":1}', 'the version of the cluster');
  assert.ok(second.lease.isLeader());
  await second.stop();
});

/** The sweep deletes closed flows and objects without an owner; it runs beside the steps. */
function isSweep(request: string): boolean {
  return request.startsWith('list') && /=closed|managed-by|files|parameters/.test(request);
}
