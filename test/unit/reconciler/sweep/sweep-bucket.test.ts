import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ServiceError } from '../../../../src/errors.ts';
import {
  cleanupKey,
  cleanupPrefix,
  environmentKey,
  manifestKey,
  recordKey,
} from '../../../../src/flow/keys.ts';
import type { Flow } from '../../../../src/flow/flow.ts';
import type { FlowRecord } from '../../../../src/flow/record.ts';
import type { Outcome } from '../../../../src/flow/outcome.ts';
import { createFlowService } from '../../../../src/requests/create-flow-service.ts';
import { sweep } from '../../../../src/reconciler/sweep/sweep.ts';
import { deleteResults } from '../../../../src/reconciler/steps/delete-results.ts';
import { recordFlow } from '../../../../src/reconciler/steps/record-flow.ts';
import { aJob } from '../../../support/flow-job.ts';
import { at, epoch } from '../../../support/flow-values.ts';
import { nothingObserved } from '../../../support/observed.ts';
import { startTestReconciler, type TestReconciler } from '../../../support/test-reconciler.ts';
import { memoryStore, type MemoryStore } from '../../result/stored-results.ts';

const signal = new AbortController().signal;
const retention = 3600;
const attempt = 'attempt';
const outcome: Outcome = {
  phase: 'succeeded',
  at: at(0),
  results: { attempt, files: 1, bytes: 1, manifestSha256: '', manifestEtag: '' },
};

interface World extends TestReconciler {
  store: MemoryStore;
  /** Its results, its Job, and its record once it was closed. */
  close(name: string): Promise<void>;
  /** As `kubectl delete job` does. */
  deleteJob(name: string): Promise<void>;
  left(name: string): string[];
}

async function start(t: TestContext): Promise<World> {
  const store = memoryStore();
  const reconciler = await startTestReconciler(t, { store });
  const { deps, api, see } = reconciler;
  return {
    ...reconciler,
    store,
    async close(name) {
      for (const key of resultsOf(name)) store.objects.set(key, Buffer.from('x'));
      const delivery = { attempts: 1, result: 'delivered' } as const;
      await api.cluster.jobs.create(aJob({ name, outcome, delivery }), signal);
      await recordFlow(deps, await see(name), signal);
      assert.equal((await see(name)).state, 'closed');
    },
    async deleteJob(name) {
      await api.cluster.jobs.delete(name, { propagationPolicy: 'Background' }, signal);
    },
    left: (name) =>
      [...store.objects.keys()].filter((key) => key.startsWith(`flows/${name}/`) && key !== recordKey(name)),
  };
}

function resultsOf(name: string): string[] {
  return [`flows/${name}/${attempt}/files/a.txt`, manifestKey(name, attempt)];
}

function recordOf({ store }: World, name: string): FlowRecord {
  return JSON.parse(store.objects.get(recordKey(name))?.toString('utf8') ?? '') as FlowRecord;
}

function pending({ store }: World): string[] {
  return [...store.objects.keys()].filter((key) => key.startsWith(cleanupPrefix));
}

test('results whose Job was deleted by hand go when their retention ends, and not before', async (t) => {
  const world = await start(t);
  const { deps, store, setClock } = world;
  await world.close('flow-a');
  await world.close('flow-ab');
  await world.deleteJob('flow-a');

  setClock(retention - 1);
  store.reads.length = 0;
  await sweep(deps, signal);
  assert.deepEqual(world.left('flow-a'), resultsOf('flow-a'));
  assert.deepEqual(store.reads, [], 'nothing is read of what is not due');

  setClock(retention + 1);
  await sweep(deps, signal);
  assert.deepEqual(world.left('flow-a'), []);
  assert.equal(recordOf(world, 'flow-a').resultsDeletedAt, at(retention + 1));
  assert.deepEqual(recordOf(world, 'flow-a').outcome, outcome);
  assert.deepEqual(pending(world), []);
});

test('a deprovision of a flow whose Job was deleted by hand takes its results away', async (t) => {
  const world = await start(t);
  const flows = createFlowService(world.deps, nothingObserved);
  await world.close('flow-a');
  await world.deleteJob('flow-a');
  world.setClock(60);
  assert.equal(await flows.end('flow-a', 'deprovisioned', signal), 'accepted');
  assert.equal(world.store.objects.has(manifestKey('flow-a', attempt)), false, 'they can be fetched no more');
  assert.equal((await flows.view('flow-a', signal))?.deprovisioned, true);

  await sweep(world.deps, signal);
  assert.deepEqual(world.left('flow-a'), []);
  const { deprovisionAskedAt, resultsDeletedAt } = recordOf(world, 'flow-a');
  assert.deepEqual([deprovisionAskedAt, resultsDeletedAt], [at(60), at(60)]);

  assert.equal(await flows.end('flow-a', 'deprovisioned', signal), 'accepted');
  world.setClock(retention + 1);
  await sweep(world.deps, signal);
  assert.equal(recordOf(world, 'flow-a').resultsDeletedAt, at(60));
  assert.deepEqual(pending(world), []);
});

test('a tombstone that is deleted by hand after its deprovision stays until its results are deleted', async (t) => {
  const world = await start(t);
  const { deps, see } = world;
  await world.close('flow-a');
  assert.equal(
    await createFlowService(deps, nothingObserved).end('flow-a', 'deprovisioned', signal),
    'accepted',
  );
  await world.deleteJob('flow-a');
  assert.notEqual((await see('flow-a')).deletedAt, undefined);
  await deleteResults(deps, await see('flow-a'), signal);
  await recordFlow(deps, await see('flow-a'), signal);
  assert.deepEqual(world.left('flow-a'), []);
  assert.equal(await deps.cluster.jobs.get('flow-a', signal), undefined);
});

test('a Job without a record is not let go, since nothing else knows of its results', async (t) => {
  const world = await start(t);
  const { deps, api, see, store } = world;
  const delivery = { attempts: 1, result: 'delivered' } as const;
  await api.cluster.jobs.create(aJob({ outcome, delivery }), signal);
  const put = store.put.bind(store);

  store.put = () => Promise.reject(new ServiceError('store-unavailable', 'not now'));
  await assert.rejects(recordFlow(deps, await see('flow-a'), signal), { code: 'store-unavailable' });
  await world.deleteJob('flow-a');
  assert.equal((await see('flow-a')).state, 'unrecorded');
  store.put = put;
  await recordFlow(deps, await see('flow-a'), signal);
  assert.equal(await api.cluster.jobs.get('flow-a', signal), undefined);
  assert.deepEqual(recordOf(world, 'flow-a').outcome, outcome);
});

test('what is due is not deleted of a flow that has a Job', async (t) => {
  const world = await start(t);
  const open: Partial<Flow> = { name: 'flow-a' };
  await world.api.cluster.jobs.create(aJob(open), signal);
  const [key = ''] = resultsOf('flow-a');
  world.store.objects.set(key, Buffer.from('x'));
  world.store.objects.set(cleanupKey({ flow: 'flow-a', due: epoch }), Buffer.alloc(0));
  await sweep(world.deps, signal);
  assert.deepEqual(world.left('flow-a'), [key]);
  assert.deepEqual(pending(world), []);
});

test('an environment whose Job never came is deleted after an hour, and that of a younger request is kept', async (t) => {
  const world = await start(t);
  const orphan = world.deps.config.reconciler.orphanSeconds;
  const [old, young] = [environmentKey('flow-a', at(0)), environmentKey('flow-a', at(10))];
  for (const [key, born] of [
    [old, 0],
    [young, 10],
  ] as const) {
    world.store.objects.set(key, Buffer.from('{}'));
    const due = epoch + (born + orphan) * 1000;
    world.store.objects.set(cleanupKey({ flow: 'flow-a', due }), Buffer.alloc(0));
  }
  world.setClock(orphan - 1);
  await sweep(world.deps, signal);
  assert.deepEqual(world.left('flow-a'), [old, young]);
  world.setClock(orphan);
  await sweep(world.deps, signal);
  assert.deepEqual(world.left('flow-a'), [young]);
  world.setClock(orphan + 10);
  await sweep(world.deps, signal);
  assert.deepEqual(world.left('flow-a'), []);
  assert.deepEqual(pending(world), []);
});

test('an environment that a request left after the results were deleted is deleted too, and the record stays as it is', async (t) => {
  const world = await start(t);
  const { deps, store, setClock } = world;
  const orphan = deps.config.reconciler.orphanSeconds;
  await world.close('flow-a');
  await world.deleteJob('flow-a');
  const deletedAt = retention + 1;
  setClock(deletedAt);
  await sweep(deps, signal);
  const record = store.objects.get(recordKey('flow-a'));
  const [old, young] = [deletedAt + 1, deletedAt + 10];
  for (const born of [old, young]) {
    store.objects.set(environmentKey('flow-a', at(born)), Buffer.from('{}'));
    const due = epoch + (born + orphan) * 1000;
    store.objects.set(cleanupKey({ flow: 'flow-a', due }), Buffer.alloc(0));
  }
  setClock(old + orphan);
  await sweep(deps, signal);
  assert.deepEqual(world.left('flow-a'), [environmentKey('flow-a', at(young))]);
  setClock(young + orphan);
  await sweep(deps, signal);
  assert.deepEqual(world.left('flow-a'), []);
  assert.deepEqual(pending(world), []);
  assert.equal(recordOf(world, 'flow-a').resultsDeletedAt, at(deletedAt));
  assert.deepEqual(store.objects.get(recordKey('flow-a')), record);
});

test('one that cannot be deleted keeps nobody else’s results, and is tried again', async (t) => {
  const world = await start(t);
  const { store, deps } = world;
  for (const name of ['flow-a', 'flow-b']) {
    await world.close(name);
    await world.deleteJob(name);
  }
  const broken = store.objects.get(recordKey('flow-a')) ?? assert.fail();
  store.objects.set(recordKey('flow-a'), Buffer.from('{'));
  world.setClock(retention + 1);
  await sweep(deps, signal);
  assert.deepEqual([world.left('flow-a').length, world.left('flow-b').length], [2, 0]);
  store.objects.set(recordKey('flow-a'), broken);
  await sweep(deps, signal);
  assert.deepEqual(world.left('flow-a'), []);
});

test('the times of deletions are listed in their order, and what is not one is left alone', async (t) => {
  const world = await start(t);
  assert.equal(
    cleanupKey({ flow: 'flow-a', due: Date.parse('2026-01-02T03:04:05.006Z') }),
    'cleanup/2026/01/02/030405006/flow-a',
  );
  const foreign = ['cleanup/README', 'cleanup/2025/99/99/999999999/flow-a'];
  for (const key of foreign) world.store.objects.set(key, Buffer.alloc(0));
  await world.close('flow-a');
  await world.deleteJob('flow-a');
  world.setClock(retention + 1);
  await sweep(world.deps, signal);
  assert.deepEqual(pending(world).sort(), foreign.sort());
  assert.deepEqual(world.left('flow-a'), []);
});

test('a sweep in the middle of a deprovision leaves the deletion to the next one', async (t) => {
  const world = await start(t);
  const { deps, store } = world;
  await world.close('flow-a');
  await world.deleteJob('flow-a');
  const remove = store.remove.bind(store);
  store.remove = async (keys, until) => {
    store.remove = remove;
    await remove(keys, until);
    // Between the manifest's deletion and the record, which says why the results are due.
    await sweep(deps, signal);
  };
  const flows = createFlowService(deps, nothingObserved);
  assert.equal(await flows.end('flow-a', 'deprovisioned', signal), 'accepted');
  assert.deepEqual(world.left('flow-a'), [`flows/flow-a/${attempt}/files/a.txt`]);
  await sweep(deps, signal);
  assert.deepEqual(world.left('flow-a'), []);
  assert.notEqual(recordOf(world, 'flow-a').resultsDeletedAt, undefined);
  assert.deepEqual(
    [...store.objects.keys()].filter(
      (key) => key.startsWith(cleanupPrefix) && key < cleanupKey({ flow: '', due: epoch + 1000 }),
    ),
    [],
    'nothing is due any more',
  );
});

test('a requested deletion of results without a Job has its attempts and its failures in the record', async (t) => {
  const world = await start(t);
  const { deps, store, setClock } = world;
  const flows = createFlowService(deps, nothingObserved);
  await world.close('flow-a');
  await world.deleteJob('flow-a');
  const wanted = { flow: 'flow-a', caller: 'ann' };
  assert.equal(await flows.delete(wanted, signal), 'accepted');
  const remove = store.remove.bind(store);
  store.remove = () => Promise.reject(new ServiceError('store-refused', 'answered 400'));
  for (const seconds of [1, 2]) {
    setClock(seconds);
    await sweep(deps, signal);
  }
  const found = { objects: 1, bytes: 1 };
  const failed = { caller: 'ann', attempts: 2, startedAt: at(2), found };
  const shown = { ...failed, problem: 'store-refused', requestedAt: at(0) };
  assert.deepEqual((await flows.viewLatest('flow-a', signal))?.deletion, shown);
  store.remove = async (keys, until) => {
    await flows.delete({ ...wanted, caller: 'bob' }, until);
    await remove(keys, until);
  };
  setClock(3);
  await sweep(deps, signal);
  const { deletion, deprovisionAskedAt, resultsDeletedAt } = recordOf(world, 'flow-a');
  assert.deepEqual(deletion, { ...failed, attempts: 3, startedAt: at(3) });
  assert.deepEqual([deprovisionAskedAt, resultsDeletedAt], [at(0), at(3)]);
});

test('a request that comes while results without a Job are deleted is not lost', async (t) => {
  const world = await start(t);
  const { deps, store, setClock } = world;
  const flows = createFlowService(deps, nothingObserved);
  await world.close('flow-a');
  await world.deleteJob('flow-a');
  const remove = store.remove.bind(store);
  store.remove = async (keys, until) => {
    store.remove = remove;
    await flows.delete({ flow: 'flow-a', caller: 'ann' }, until);
    await remove(keys, until);
  };
  setClock(retention + 1);
  await sweep(deps, signal);
  const { deletion, deprovisionAskedAt } = recordOf(world, 'flow-a');
  assert.deepEqual([deletion?.caller, deprovisionAskedAt], ['ann', at(retention + 1)]);
});
