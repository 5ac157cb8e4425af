import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Cluster } from '../../../../src/kubernetes/cluster.ts';
import type { Job } from '../../../../src/kubernetes/types.ts';
import { guardWrites } from '../../../../src/reconciler/leadership/write-guard.ts';
import type { ReconcilerDependencies } from '../../../../src/reconciler/reconciler.ts';
import { aJob } from '../../../support/flow-job.ts';
import { aFlow } from '../../../support/flow-values.ts';
import { startTestReconciler } from '../../../support/test-reconciler.ts';
import { memoryStore, type MemoryStore } from '../../result/stored-results.ts';

const { signal } = new AbortController();

interface Guarded {
  deps: ReconcilerDependencies;
  /** Without the guard. */
  cluster: Cluster;
  store: MemoryStore;
  deliveries: number;
  leading: boolean;
}

/** One Job in the cluster and one object in the store. */
async function startGuarded(t: TestContext): Promise<Guarded> {
  const store = memoryStore(new Map([['a', Buffer.from('a')]]));
  function deliver(): ReturnType<ReconcilerDependencies['connectors']['deliver']> {
    guarded.deliveries += 1;
    return Promise.resolve({ result: 'rejected', problem: 'none', status: 400 });
  }
  const { deps, api } = await startTestReconciler(t, { store, deliver });
  await api.cluster.jobs.create(aJob({ name: 'flow-a' }), signal);
  const guarded: Guarded = {
    ...{ cluster: api.cluster, store, deliveries: 0, leading: true },
    deps: guardWrites(deps, () => {
      if (!guarded.leading) throw new Error('not the leader');
    }),
  };
  return guarded;
}

type Write = (deps: ReconcilerDependencies) => Promise<unknown>;

function anotherJob(): Job {
  const job = aJob({ name: 'flow-a' });
  return { ...job, metadata: { ...job.metadata, labels: { ...job.metadata?.labels, changed: 'yes' } } };
}

const labels = { metadata: { labels: { changed: 'yes' } } };
const writes: Record<string, Write> = {
  create: ({ cluster }) => cluster.jobs.create(aJob({ name: 'flow-b' }), signal),
  patch: ({ cluster }) => cluster.jobs.patch('flow-a', labels, signal),
  replace: ({ cluster }) => cluster.jobs.replace('flow-a', anotherJob(), signal),
  delete: ({ cluster }) => cluster.jobs.delete('flow-a', {}, signal),
  put: ({ store }) => store.put({ key: 'b', body: Buffer.from('b'), contentType: 'text/plain' }, signal),
  'abort uploads': ({ store }) => store.abortUploads('', signal),
  remove: ({ store }) => store.remove(['a'], signal),
  deliver: ({ connectors }) => {
    const { name: flow, request } = aFlow();
    const message = { kind: 'failure', reason: 'worker-failed', message: '' } as const;
    return connectors.deliver({ flow, request, message }, signal);
  },
};

async function contents({ cluster, store, deliveries }: Guarded): Promise<object> {
  const { items } = await cluster.jobs.list({}, signal);
  const jobs = items.map(({ metadata }) => `${metadata?.name} ${metadata?.resourceVersion}`);
  return { jobs, objects: [...store.objects.keys()], deliveries };
}

for (const [name, write] of Object.entries(writes)) {
  test(`who leads may ${name}; who does not lead is stopped before`, async (t) => {
    const guarded = await startGuarded(t);
    const before = await contents(guarded);
    guarded.leading = false;
    await assert.rejects(write(guarded.deps), /not the leader/);
    assert.deepEqual(await contents(guarded), before);
    guarded.leading = true;
    await write(guarded.deps);
    if (name !== 'abort uploads') assert.notDeepEqual(await contents(guarded), before);
  });
}

test('each kind is guarded', async (t) => {
  const guarded = await startGuarded(t);
  guarded.leading = false;
  const { jobs, pods, configMaps, secrets, leases, events } = guarded.deps.cluster;
  for (const client of [jobs, pods, configMaps, secrets, leases, events])
    await assert.rejects(client.delete('flow-a', {}, signal), /not the leader/);
});

test('who does not lead may read', async (t) => {
  const guarded = await startGuarded(t);
  guarded.leading = false;
  const { cluster, store } = guarded.deps;
  assert.equal((await cluster.jobs.get('flow-a', signal))?.metadata?.name, 'flow-a');
  assert.equal((await cluster.jobs.list({}, signal)).items.length, 1);
  assert.equal((await store.read('a', 10, signal))?.key, 'a');
});

test('a deletion of many objects is broken off where leading ended', async (t) => {
  const guarded = await startGuarded(t);
  function* keys(): Generator<string> {
    yield 'a';
    guarded.store.objects.set('b', Buffer.from('b'));
    guarded.leading = false;
    yield 'b';
  }
  await assert.rejects(guarded.deps.store.remove(keys(), signal), /not the leader/);
  assert.deepEqual([...guarded.store.objects.keys()], ['b']);
});
