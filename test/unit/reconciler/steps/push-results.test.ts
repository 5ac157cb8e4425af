import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Delivery } from '../../../../src/flow/delivery.ts';
import type { Flow } from '../../../../src/flow/flow.ts';
import type { Outcome } from '../../../../src/flow/outcome.ts';
import type { ProtocolState } from '../../../../src/flow/protocol-state.ts';
import type { FlowPush } from '../../../../src/flow/push.ts';
import { decideStep } from '../../../../src/reconciler/decide-step.ts';
import { aJob } from '../../../support/flow-job.ts';
import { aFlow, anAttempt, at, epoch, pendingLimits } from '../../../support/flow-values.ts';
import { reconcile, startTestReconciler } from '../../../support/test-reconciler.ts';
import { memoryStore } from '../../result/stored-results.ts';

const succeeded: Outcome = {
  phase: 'succeeded',
  at: at(50),
  results: { attempt: 'pod-uid', files: 1, bytes: 1, manifestSha256: 'a', manifestEtag: 'e' },
};
const failed: Outcome = { phase: 'failed', at: at(50), reason: 'worker-failed', message: 'm' };
const delivered: Delivery = { attempts: 1, startedAt: at(59), result: 'delivered', endedAt: at(60) };
const skipped: Delivery = { attempts: 0, result: 'skipped', endedAt: at(60) };
const protocol: ProtocolState = {
  ...{ state: 'STARTED', kind: 'provider-push', profile: 'HttpData-PUSH', access: 'open', pushes: true },
  answered: [],
};
const running: FlowPush = { attempts: 1, startedAt: at(61) };
const sent: FlowPush = { ...running, end: { result: 'sent', at: at(62), bytes: 1 } };

const rows: { name: string; flow: Partial<Flow>; kind: string }[] = [
  { name: 'results that were announced are pushed', flow: {}, kind: 'push' },
  { name: 'a push that a process left is started again', flow: { push: running }, kind: 'push' },
  { name: 'no byte is sent before the announcement', flow: { delivery: undefined }, kind: 'deliver' },
  {
    name: 'nor after one that the connector refused',
    flow: { delivery: { ...delivered, result: 'rejected' } },
    kind: 'record',
  },
  {
    name: 'a flow that started at once is pushed without an announcement',
    flow: { delivery: skipped, protocol: { ...protocol, announced: true } },
    kind: 'push',
  },
  { name: 'a flow that started at once is not delivered', flow: { delivery: skipped }, kind: 'record' },
  {
    name: 'a suspended push is paused',
    flow: { protocol: { ...protocol, access: 'paused' } },
    kind: 'pause-push',
  },
  { name: 'its end is delivered', flow: { push: sent }, kind: 'complete-push' },
  {
    name: 'while suspended, its end waits',
    flow: { push: sent, protocol: { ...protocol, access: 'paused' } },
    kind: 'wait-for-resume',
  },
  { name: 'a delivered end is recorded', flow: { push: sent, completion: delivered }, kind: 'record' },
  {
    name: 'a terminated push loses its results',
    flow: { deprovisionAskedAt: at(61) },
    kind: 'delete-results',
  },
  {
    name: 'the end of a terminated push is not delivered',
    flow: { push: sent, deprovisionAskedAt: at(63), resultsDeletedAt: at(64) },
    kind: 'record',
  },
  { name: 'a failed job pushes nothing', flow: { outcome: failed, suspended: true }, kind: 'record' },
  {
    name: 'results of a pull are not pushed',
    flow: { protocol: { ...protocol, pushes: undefined } as never },
    kind: 'record',
  },
];

const announced = { suspended: false, startedAt: at(10), outcome: succeeded, delivery: delivered, protocol };

for (const { name, flow, kind } of rows) {
  test(name, () => {
    const common = { suspended: false, startedAt: at(10), outcome: succeeded, delivery: delivered, protocol };
    const observed = {
      flow: aFlow({ ...common, ...flow }),
      attempts: [],
      pendingLimits,
      now: epoch + 70_000,
    };
    assert.equal(decideStep(observed).kind, kind);
  });
}

test('pods are released before a push, which may last for hours', () => {
  const flow = aFlow(announced);
  const attempts = [anAttempt({ terminal: true })];
  assert.equal(decideStep({ flow, attempts, pendingLimits, now: epoch + 70_000 }).kind, 'release');
});

test('a push that ended before the suspension was seen is not sent again after the resume', async (t) => {
  const end = { result: 'sent', at: at(62), bytes: 1 } as const;
  const forgotten: string[] = [];
  const pushes = {
    endOf: () => (forgotten.length > 0 ? { pauseMillis: 0 } : { end, pauseMillis: 0 }),
    stop: (name: string) => Promise.resolve(void forgotten.push(name)),
  };
  const { deps, api, see } = await startTestReconciler(t, { store: memoryStore(new Map()), pushes });
  const suspended = { ...protocol, access: 'paused' } as const;
  const job = aJob({ ...announced, push: running, protocol: suspended });
  await api.cluster.jobs.create(job, t.signal);
  await see('flow-a');
  await reconcile(deps, 'flow-a', t.signal);
  assert.deepEqual((await see('flow-a')).push?.end, end);
});
