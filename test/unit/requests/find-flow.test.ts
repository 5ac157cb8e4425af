import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { readAttempt } from '../../../src/flow/attempt.ts';
import { readFlow, type Flow } from '../../../src/flow/flow.ts';
import { createFlowService } from '../../../src/requests/create-flow-service.ts';
import type { FlowService } from '../../../src/requests/flow-service.ts';
import { aJob, aPod } from '../../support/flow-job.ts';
import { at } from '../../support/flow-values.ts';
import { nothingObserved } from '../../support/observed.ts';
import { startTestReconciler } from '../../support/test-reconciler.ts';
import { memoryStore } from '../result/stored-results.ts';

const { signal } = new AbortController();

interface Observing {
  flows: FlowService;
  /** Stops the API server. */
  cut: () => Promise<void>;
  /** False: the cache is not current any more. */
  cache: { current: boolean };
}

/** A replica that has observed the running flow `flow-a` with one pod, and nothing since. */
async function observeOnce(t: TestContext): Promise<Observing> {
  const { deps, api } = await startTestReconciler(t, { store: memoryStore(new Map()) });
  const job = await api.cluster.jobs.create(aJob({ startedAt: at(1) }), signal);
  const attempt = readAttempt(await api.cluster.pods.create(aPod('flow-a', 'pod-a'), signal));
  const flow = readFlow(job);
  const cache = { current: true };
  function flowOf(name: string): Flow | undefined {
    return name === 'flow-a' ? flow : undefined;
  }
  const flows = createFlowService(deps, {
    ...nothingObserved,
    current: () => (cache.current ? { flow: flowOf, flows: () => [], attempts: () => [attempt] } : undefined),
  });
  return { flows, cut: () => api.server.stop(), cache };
}

test('a running flow is shown from the cache without the API server, and from there once the cache is not current', async (t) => {
  const { flows, cut, cache } = await observeOnce(t);
  const fromCache = await flows.view('flow-a', signal);
  cache.current = false;
  assert.deepEqual(await flows.view('flow-a', signal), fromCache);
  cache.current = true;
  assert.equal(await flows.view('flow-b', signal), undefined, 'what the cache has not is looked up');
  await cut();
  assert.deepEqual(await flows.view('flow-a', signal), fromCache);
  cache.current = false;
  await assert.rejects(flows.view('flow-a', signal), { code: 'cluster-unavailable' });
});

test('a cache that is behind does not say that results may be fetched, and one that knows of the deprovision needs nobody', async (t) => {
  const { flows } = await observeOnce(t);
  assert.equal((await flows.results('flow-a', signal)).access, 'open');
  assert.equal(await flows.end('flow-a', 'deprovisioned', signal), 'accepted');
  assert.equal((await flows.results('flow-a', signal)).access, 'ended', 'though the cache has not seen it');

  const { deps, api } = await startTestReconciler(t, { store: memoryStore(new Map()) });
  const flow = readFlow(await api.cluster.jobs.create(aJob({ deprovisionAskedAt: at(2) }), signal));
  const knowing = createFlowService(deps, {
    ...nothingObserved,
    current: () => ({ flow: () => flow, flows: () => [], attempts: () => [] }),
  });
  await api.server.stop();
  assert.equal((await knowing.results('flow-a', signal)).access, 'ended');
});

test('while the API server is away, the cache says whether the transfer of the results is suspended', async (t) => {
  const { deps, api } = await startTestReconciler(t, { store: memoryStore(new Map()) });
  const protocol = {
    state: 'SUSPENDED',
    kind: 'pull',
    profile: 'p',
    access: 'paused',
    answered: [],
  } as const;
  const flow = readFlow(await api.cluster.jobs.create(aJob({ protocol }), signal));
  const flows = createFlowService(deps, {
    ...nothingObserved,
    current: () => ({
      flow: (name) => (name === 'flow-a' ? flow : undefined),
      flows: () => [],
      attempts: () => [],
    }),
  });
  await api.server.stop();
  assert.equal((await flows.results('flow-a', signal)).access, 'paused');
  await assert.rejects(flows.results('flow-b', signal), { code: 'cluster-unavailable' });
});
