import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ServiceError } from '../../../../src/errors.ts';
import { verifyAttempt } from '../../../../src/reconciler/steps/verify-attempt.ts';
import { aJob } from '../../../support/flow-job.ts';
import { at } from '../../../support/flow-values.ts';
import { startTestReconciler } from '../../../support/test-reconciler.ts';
import { attempt, flow as name, memoryStore, sidecarWrites } from '../../result/stored-results.ts';

const { signal } = new AbortController();
const { objects, report } = sidecarWrites({ 'a.txt': Buffer.from('a') });

async function start(t: TestContext, store = memoryStore(new Map(objects))) {
  const reconciler = await startTestReconciler(t, {
    store,
    deliver: () => Promise.resolve({ result: 'delivered', status: 204 }),
  });
  const end = { attempt, pod: `${name}-a`, at: at(60) };
  await reconciler.api.cluster.jobs.create(aJob({ name, startedAt: at(0), attempt: end }), signal);
  const seconds = reconciler.deps.config.reconciler.deliverySeconds;
  const flow = await reconciler.see(name);
  return {
    verifyAfter: async (more: number): Promise<unknown> => {
      reconciler.setClock(60 + seconds + more);
      return await verifyAttempt(reconciler.deps, { flow, attempt, report }, signal);
    },
    outcome: async () => (await reconciler.see(name)).outcome,
  };
}

function storeThatIsDown(): ReturnType<typeof memoryStore> {
  return {
    ...memoryStore(),
    read: () => Promise.reject(new ServiceError('store-unavailable', 'the store does not answer')),
  };
}

test('a store that is down is asked again while a delivery could still be made', async (t) => {
  const { verifyAfter, outcome } = await start(t, storeThatIsDown());
  await assert.rejects(verifyAfter(0), { code: 'store-unavailable' });
  assert.equal(await outcome(), undefined);
});

test('a store that is down for longer ends the flow, with what it said last', async (t) => {
  const { verifyAfter, outcome } = await start(t, storeThatIsDown());
  await verifyAfter(1);
  assert.partialDeepStrictEqual(await outcome(), {
    phase: 'failed',
    reason: 'results-unverified',
    message: 'The store could not be asked for the results within 86400 s: the store does not answer',
  });
});

test('results that can be verified at last are handed out, however late', async (t) => {
  const { verifyAfter, outcome } = await start(t);
  await verifyAfter(3600);
  assert.equal((await outcome())?.phase, 'succeeded');
});
