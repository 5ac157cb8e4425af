import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isServiceError, ServiceError } from '../../../../src/errors.ts';
import { annotation, writeAnnotation } from '../../../../src/flow/annotations.ts';
import type { Flow } from '../../../../src/flow/flow.ts';
import { parametersSecretName } from '../../../../src/flow/names.ts';
import type { Job } from '../../../../src/kubernetes/types.ts';
import { prepare } from '../../../../src/reconciler/steps/prepare.ts';
import { aJob } from '../../../support/flow-job.ts';
import { aFlow, epoch } from '../../../support/flow-values.ts';
import { startTestReconciler } from '../../../support/test-reconciler.ts';
import { memoryStore } from '../../result/stored-results.ts';

const { signal } = new AbortController();
const keys = { accessKeyId: 'id', secretAccessKey: 'key' };

function withEnvironment(members: Partial<Flow> = {}): Job {
  const job = aJob(members);
  const environment = writeAnnotation(annotation.environment, { values: { A: '1' } });
  return {
    ...job,
    metadata: { ...job.metadata, annotations: { ...job.metadata?.annotations, ...environment } },
  };
}

test('a preparation that cannot succeed within the pending deadline ends the flow', async (t) => {
  const { deps, api, see, setClock } = await startTestReconciler(t, {
    store: memoryStore(),
    minter: {
      lifetimeSeconds: undefined,
      mint: () => Promise.reject(new ServiceError('store-unavailable', 'the store does not answer')),
    },
  });
  await api.cluster.jobs.create(withEnvironment(), signal);
  const { createdAt, plan } = await see('flow-a');
  const born = (Date.parse(createdAt) - epoch) / 1000;

  setClock(born + plan.limits.pending - 1);
  await assert.rejects(prepare(deps, await see('flow-a'), signal), (error) =>
    isServiceError(error, 'store-unavailable'),
  );
  assert.equal((await see('flow-a')).outcome, undefined);

  setClock(born + plan.limits.pending + 1);
  await prepare(deps, await see('flow-a'), signal);
  const { outcome } = await see('flow-a');
  assert.ok(outcome?.phase === 'failed');
  assert.equal(outcome.reason, 'pending-deadline-exceeded');
  assert.match(outcome.message, /the store does not answer/);
});

test('a flow that waited for its service longer than the deadline is prepared all the same', async (t) => {
  const minter = { lifetimeSeconds: undefined, mint: () => Promise.resolve(keys) };
  const { deps, api, see, setClock } = await startTestReconciler(t, { store: memoryStore(), minter });
  await api.cluster.jobs.create(withEnvironment(), signal);
  const { createdAt } = await see('flow-a');
  setClock((Date.parse(createdAt) - epoch) / 1000 + 1_000_000);
  await prepare(deps, await see('flow-a'), signal);
  const { outcome, suspended } = await see('flow-a');
  assert.deepEqual([outcome, suspended], [undefined, false]);
});

test('a flow whose secret parameters are gone ends at once', async (t) => {
  const minter = { lifetimeSeconds: undefined, mint: () => Promise.resolve(keys) };
  const { deps, api, see } = await startTestReconciler(t, { store: memoryStore(), minter });
  const plan = { ...aFlow().plan, parametersSecret: parametersSecretName('flow-a', 'digest') };
  await api.cluster.jobs.create(withEnvironment({ plan }), signal);
  await prepare(deps, await see('flow-a'), signal);
  const { outcome, suspended } = await see('flow-a');
  assert.ok(outcome?.phase === 'failed');
  assert.equal(outcome.reason, 'preparation-refused');
  assert.match(outcome.message, /flow-a-parameters/);
  assert.equal(suspended, true);
});

test('what the store forbids is waited for, slowly, until the pending deadline', async (t) => {
  let refusal: Error | undefined = new ServiceError(
    'store-forbidden',
    'the store answered 403: AccessDenied',
  );
  const minter = {
    lifetimeSeconds: undefined,
    mint: () => (refusal === undefined ? Promise.resolve(keys) : Promise.reject(refusal)),
  };
  const { deps, api, see, setClock } = await startTestReconciler(t, { store: memoryStore(), minter });
  const { maxMillis } = deps.config.reconciler.backoff;
  await api.cluster.jobs.create(withEnvironment(), signal);
  const { createdAt, plan } = await see('flow-a');
  const born = (Date.parse(createdAt) - epoch) / 1000;

  setClock(born);
  assert.deepEqual(await prepare(deps, await see('flow-a'), signal), { kind: 'requeue', millis: maxMillis });
  setClock(born + plan.limits.pending - 1);
  assert.deepEqual(await prepare(deps, await see('flow-a'), signal), { kind: 'requeue', millis: 1001 });
  assert.equal((await see('flow-a')).outcome, undefined);

  setClock(born + plan.limits.pending + 1);
  await prepare(deps, await see('flow-a'), signal);
  const { outcome } = await see('flow-a');
  assert.ok(outcome?.phase === 'failed');
  assert.equal(outcome.reason, 'pending-deadline-exceeded');
  assert.match(outcome.message, /AccessDenied/);

  refusal = undefined;
  await api.cluster.jobs.create(withEnvironment({ name: 'flow-b' }), signal);
  await prepare(deps, await see('flow-b'), signal);
  assert.equal((await see('flow-b')).suspended, false);
});
