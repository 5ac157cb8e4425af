import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFlow } from '../../../src/flow/flow.ts';
import { deprovisionFlow } from '../../../src/requests/end-flow.ts';
import { aJob } from '../../support/flow-job.ts';
import { startTestReconciler } from '../../support/test-reconciler.ts';
import { memoryStore } from '../result/stored-results.ts';

const { signal } = new AbortController();

test('a deprovision in the millisecond of the last request starts the callback hold again all the same', async (t) => {
  const { deps, api } = await startTestReconciler(t, { store: memoryStore(new Map()) });
  const now = deps.now().toISOString();
  await api.cluster.jobs.create(aJob({ lastRequestAt: now }), signal);
  assert.equal(await deprovisionFlow(deps, 'flow-a', signal), 'accepted');
  const job = await api.cluster.jobs.get('flow-a', signal);
  const flow = job && readFlow(job);
  assert.equal(flow?.deprovisionAskedAt, now);
  assert.notEqual(flow.lastRequestAt, now);
});
