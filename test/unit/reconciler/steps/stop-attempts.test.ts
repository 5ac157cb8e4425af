import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAttempt } from '../../../../src/flow/attempt.ts';
import type { Pod } from '../../../../src/kubernetes/types.ts';
import { stopAttempts } from '../../../../src/reconciler/steps/stop-attempts.ts';
import { aJob, aPod } from '../../../support/flow-job.ts';
import { startTestReconciler } from '../../../support/test-reconciler.ts';
import { memoryStore } from '../../result/stored-results.ts';

const { signal } = new AbortController();

test('a pod has its stop grace before its Job is suspended, whose controller would give it the grace for uploads', async (t) => {
  const { deps, api, see } = await startTestReconciler(t, { store: memoryStore() });
  const { jobs, pods } = api.cluster;
  await jobs.create(aJob({ suspended: false }), signal);
  const { metadata = {} } = await pods.create(aPod('flow-a', 'flow-a-abcde'), signal);
  // As the scheduler does: a pod without a node is deleted at once.
  const name = metadata.name ?? '';
  api.registry.modify({ resource: 'pods', namespace: 'jobs', name }, (draft) => {
    (draft['spec'] as { nodeName?: string }).nodeName = 'node-1';
  });
  let atSuspension: Pod | undefined;
  deps.cluster = {
    ...api.cluster,
    jobs: {
      ...jobs,
      async patch(flow, patch, over) {
        atSuspension = await pods.get(name, signal);
        return await jobs.patch(flow, patch, over);
      },
    },
  };
  const flow = await see('flow-a');
  const attempt = readAttempt((await pods.get(name, signal)) ?? {});
  await stopAttempts(deps, { flow, attempts: [attempt] }, signal);
  assert.equal(atSuspension?.metadata?.deletionGracePeriodSeconds, flow.plan.limits.stopGrace);
  assert.equal((await see('flow-a')).suspended, true);
});
