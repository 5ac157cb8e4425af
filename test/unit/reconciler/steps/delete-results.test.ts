import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ServiceError } from '../../../../src/errors.ts';
import { deleteResults } from '../../../../src/reconciler/steps/delete-results.ts';
import { deleteFlow } from '../../../../src/requests/end-flow.ts';
import { aJob } from '../../../support/flow-job.ts';
import { at } from '../../../support/flow-values.ts';
import { startTestReconciler } from '../../../support/test-reconciler.ts';
import { memoryStore } from '../../result/stored-results.ts';

const { signal } = new AbortController();
const name = 'flow-a';
const outcome = { phase: 'failed', at: at(0), reason: 'worker-failed', message: 'exit code 1' } as const;
const delivery = { attempts: 1, result: 'delivered' } as const;

async function start(t: TestContext) {
  const store = memoryStore(
    new Map([
      [`flows/${name}/one/a.txt`, Buffer.from('four')],
      [`flows/${name}/one/b.txt`, Buffer.from('seven')],
      [`flows/${name}/record.json`, Buffer.from('{}')],
      [`flows/${name}0/one/a.txt`, Buffer.from('another flow’s')],
    ]),
  );
  const reconciler = await startTestReconciler(t, { store });
  await reconciler.api.cluster.jobs.create(aJob({ name, outcome, delivery }), signal);
  return { ...reconciler, store };
}

test('a deletion that fails says why, is tried again, and knows all that was found before the first attempt', async (t) => {
  const { deps, see, setClock, store } = await start(t);
  assert.equal(await deleteFlow(deps, { flow: name, caller: 'ann' }, signal), 'accepted');
  const half = {
    ...store,
    async remove(): Promise<void> {
      await store.remove([`flows/${name}/one/a.txt`], signal);
      throw new ServiceError('store-unavailable', 'http://store.internal answered 503');
    },
  };
  for (const seconds of [10, 20]) {
    setClock(seconds);
    await assert.rejects(deleteResults({ ...deps, store: half }, await see(name), signal));
  }
  const found = { objects: 2, bytes: 9 };
  const failed = await see(name);
  assert.deepEqual(failed.deletion, {
    caller: 'ann',
    attempts: 2,
    startedAt: at(20),
    found,
    problem: 'store-unavailable',
  });
  assert.equal(failed.resultsDeletedAt, undefined);
  setClock(30);
  await deleteResults(deps, failed, signal);
  const done = await see(name);
  assert.deepEqual(done.deletion, { caller: 'ann', attempts: 3, startedAt: at(30), found });
  assert.equal(done.resultsDeletedAt, at(30));
  assert.deepEqual([...store.objects.keys()], [`flows/${name}/record.json`, `flows/${name}0/one/a.txt`]);
});

test('an attempt on a store that lists nothing counts too, and what was found is known once it lists again', async (t) => {
  const { deps, see, setClock, store } = await start(t);
  await deleteFlow(deps, { flow: name, caller: 'ann' }, signal);
  const problem = 'store-unavailable';
  // eslint-disable-next-line require-yield
  async function* list(): AsyncGenerator<never> {
    await Promise.resolve();
    throw new ServiceError(problem, 'http://store.internal answered 503');
  }
  for (const attempts of [1, 2]) {
    setClock(attempts);
    await assert.rejects(deleteResults({ ...deps, store: { ...store, list } }, await see(name), signal));
    const { deletion } = await see(name);
    assert.deepEqual(deletion, { caller: 'ann', attempts, startedAt: at(attempts), problem });
  }
  await deleteResults(deps, await see(name), signal);
  assert.deepEqual((await see(name)).deletion?.found, { objects: 2, bytes: 9 });
});

test('the error of the attempt is the one of the step, also if its failure cannot be saved', async (t) => {
  const { deps, see, store } = await start(t);
  await deleteFlow(deps, { flow: name, caller: 'ann' }, signal);
  const flow = await see(name);
  const error = new ServiceError('store-unavailable', 'http://store.internal answered 503');
  async function remove(): Promise<void> {
    await deps.cluster.jobs.delete(name, { propagationPolicy: 'Background' }, signal);
    await deps.cluster.jobs.patch(name, { metadata: { finalizers: [] } }, signal);
    throw error;
  }
  await assert.rejects(deleteResults({ ...deps, store: { ...store, remove } }, flow, signal), error);
});

test('a request for results whose retention has ended keeps what was deleted', async (t) => {
  const { deps, see, store } = await start(t);
  await deleteResults(deps, await see(name), signal);
  assert.equal(store.objects.size, 2);
  await deleteFlow(deps, { flow: name, caller: 'ann' }, signal);
  const { deletion } = await see(name);
  assert.deepEqual([deletion?.caller, deletion?.found], ['ann', { objects: 2, bytes: 9 }]);
});

test('of two who request a deletion the first one is known', async (t) => {
  const { deps, see } = await start(t);
  await deleteFlow(deps, { flow: name, caller: 'ann' }, signal);
  await deleteFlow(deps, { flow: name, caller: 'bob' }, signal);
  assert.equal((await see(name)).deletion?.caller, 'ann');
});
