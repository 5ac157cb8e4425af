import assert from 'node:assert/strict';
import { test } from 'node:test';
import { annotation, writeAnnotation } from '../../../../src/flow/annotations.ts';
import { decideStep } from '../../../../src/reconciler/decide-step.ts';
import { cancelEndedTransfer } from '../../../../src/reconciler/transfers/cancel-ended-transfer.ts';
import { aJob } from '../../../support/flow-job.ts';
import { at, pendingLimits } from '../../../support/flow-values.ts';
import { startTestReconciler } from '../../../support/test-reconciler.ts';
import { memoryStore } from '../../result/stored-results.ts';

const message = 'The connector ended the transfer: its process is TERMINATED.';

test('a flow whose transfer has ended is cancelled with what the connector said', async (t) => {
  const { deps, api, see, setClock } = await startTestReconciler(t, { store: memoryStore() });
  await api.cluster.jobs.create(aJob(), t.signal);
  setClock(10);
  await cancelEndedTransfer(deps, { flow: await see('flow-a'), message }, t.signal);
  const flow = await see('flow-a');
  assert.partialDeepStrictEqual(
    decideStep({ flow, attempts: [], pendingLimits, now: deps.now().getTime() }),
    {
      kind: 'set-outcome',
      outcome: { phase: 'cancelled', at: at(10), reason: 'transfer-ended', message },
    },
  );
});

test('a flow that has gone on since the connector was asked is not cancelled', async (t) => {
  const { deps, api, see } = await startTestReconciler(t, { store: memoryStore() });
  await api.cluster.jobs.create(aJob(), t.signal);
  const asked = await see('flow-a');
  const outcome = { phase: 'failed', at: at(1), reason: 'worker-failed', message: 'm' } as const;
  const annotations = writeAnnotation(annotation.outcome, outcome);
  await api.cluster.jobs.patch('flow-a', { metadata: { annotations } }, t.signal);
  await assert.rejects(cancelEndedTransfer(deps, { flow: asked, message }, t.signal), {
    code: 'cluster-conflict',
  });
  assert.equal((await see('flow-a')).cancel, undefined);
});
