import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { DeliveryAnswer } from '../../../../src/reconciler/types.ts';
import { ServiceError } from '../../../../src/errors.ts';
import type { Flow } from '../../../../src/flow/flow.ts';
import { rest } from '../../../../src/flow/flow-request.ts';
import type { Outcome } from '../../../../src/flow/outcome.ts';
import type { Job } from '../../../../src/kubernetes/types.ts';
import { createRecordRepeat } from '../../../../src/answer-first/record-repeat.ts';
import { deprovisionFlow } from '../../../../src/requests/end-flow.ts';
import type { Reconciler } from '../../../../src/reconciler/reconciler.ts';
import { createCallbackHold } from '../../../../src/answer-first/callback-hold.ts';
import { setOutcome } from '../../../../src/reconciler/steps/set-outcome.ts';
import { aJob } from '../../../support/flow-job.ts';
import { aFlow, at } from '../../../support/flow-values.ts';
import { startTestReconciler } from '../../../support/test-reconciler.ts';
import { attempt, flow as name, memoryStore, sidecarWrites } from '../../result/stored-results.ts';

const { signal } = new AbortController();
const { objects, report, manifest } = sidecarWrites({ 'a.txt': Buffer.from('a') });
const { sha256: manifestSha256, etag: manifestEtag, files, bytes } = report;
const succeeded: Outcome = {
  phase: 'succeeded',
  at: at(60),
  results: { attempt, files, bytes, manifestSha256, manifestEtag },
};
const failed: Outcome = { phase: 'failed', at: at(60), reason: 'worker-failed', message: 'exit code 1' };

/** `sent`: the flow as the cluster knew it when the connector was called. */
async function start(t: TestContext, members: Partial<Flow> = {}) {
  const sent: Flow[] = [];
  const reconciler = await startTestReconciler(t, {
    store: memoryStore(new Map(objects)),
    async deliver(): Promise<DeliveryAnswer> {
      sent.push(await reconciler.see(name));
      return { result: 'delivered', status: 204 };
    },
  });
  await reconciler.api.cluster.jobs.create(aJob({ name, startedAt: at(0), ...members }), signal);
  reconciler.setClock(60);
  return { ...reconciler, sent };
}

/** `jobs.patch` that is followed, or preceded, by what somebody else does. */
function disturbed(deps: Reconciler, { before, after }: Record<'before' | 'after', () => Promise<unknown>>) {
  const { jobs } = deps.cluster;
  async function patch(...args: Parameters<typeof jobs.patch>): Promise<Job> {
    await before();
    const job = await jobs.patch(...args);
    await after();
    return (await jobs.get(name, signal)) ?? job;
  }
  return { ...deps, cluster: { ...deps.cluster, jobs: { ...jobs, patch } } };
}

function nothing(): Promise<void> {
  return Promise.resolve();
}

test('a success is written together with its delivery attempt, and then delivered', async (t) => {
  const { deps, see, sent } = await start(t);
  await setOutcome(deps, { flow: await see(name), outcome: succeeded, manifest }, signal);
  const started = { sent: 'results', startedAt: at(60) };
  const end = { result: 'delivered', endedAt: at(60) };
  assert.deepEqual(
    sent.map(({ outcome, delivery }) => ({ outcome, delivery })),
    [
      {
        outcome: succeeded,
        delivery: { attempts: 1, startedAt: at(60), history: { total: 1, kept: [started] } },
      },
    ],
  );
  assert.deepEqual((await see(name)).delivery, {
    attempts: 1,
    startedAt: at(60),
    ...end,
    history: { total: 1, kept: [{ ...started, ...end }] },
  });
});

test('during the callback hold the outcome is written alone, and nothing is sent', async (t) => {
  const { deps, see, sent } = await start(t);
  const callbackHold = createCallbackHold({ holdMillis: () => 5000, takeoverHoldMillis: 0 }, () => 0);
  await setOutcome(
    { ...deps, callbackHold },
    { flow: await see(name), outcome: succeeded, manifest },
    signal,
  );
  assert.deepEqual(sent, []);
  const { outcome, delivery } = await see(name);
  assert.deepEqual([outcome, delivery], [succeeded, undefined]);
});

test('a failure that has pods to stop first is not delivered at once', async (t) => {
  const { deps, see, sent } = await start(t, { suspended: false });
  await setOutcome(deps, { flow: await see(name), outcome: failed }, signal);
  assert.deepEqual(sent, []);
  assert.deepEqual((await see(name)).outcome, failed);
});

test('a request that is repeated before the write ends the step: nothing is written or sent', async (t) => {
  const { deps, see, sent } = await start(t);
  const flow = await see(name);
  const repeated = disturbed(deps, { before: () => createRecordRepeat(deps)(name, signal), after: nothing });
  await assert.rejects(setOutcome(repeated, { flow, outcome: succeeded, manifest }, signal), {
    code: 'cluster-conflict',
  });
  assert.deepEqual(sent, []);
  const { outcome, delivery } = await see(name);
  assert.deepEqual([outcome, delivery], [undefined, undefined]);
});

const late: { name: string; act: (deps: Reconciler) => Promise<unknown>; result: string | undefined }[] = [
  { name: 'repeated', act: (deps) => createRecordRepeat(deps)(name, signal), result: 'failed' },
  { name: 'deprovisioned', act: (deps) => deprovisionFlow(deps, name, signal), result: undefined },
];
for (const { name: title, act, result } of late) {
  test(`a flow that is ${title} right after the write is not delivered`, async (t) => {
    const { deps, see, sent } = await start(t);
    let acted = false;
    const callbackHold = createCallbackHold({ holdMillis: () => 5000, takeoverHoldMillis: 0 }, () =>
      acted ? 9000 : now,
    );
    let now = 0;
    const flow = await see(name);
    callbackHold.observe(flow);
    now = 9000;
    async function after(): Promise<void> {
      if (acted) return;
      acted = true;
      await act(deps);
    }
    const busy = disturbed({ ...deps, callbackHold }, { before: nothing, after });
    await setOutcome(busy, { flow, outcome: succeeded, manifest }, signal);
    assert.deepEqual(sent, []);
    const { outcome, delivery } = await see(name);
    assert.deepEqual([outcome, delivery?.attempts, delivery?.result], [succeeded, 1, result]);
  });
}

test('an address that cannot be built does not keep the outcome from being written', async (t) => {
  const { deps, see, sent } = await start(t);
  const store = {
    ...deps.store,
    read: () => Promise.reject(new ServiceError('store-unavailable', 'not now')),
  };
  await setOutcome({ ...deps, store }, { flow: await see(name), outcome: succeeded }, signal);
  assert.deepEqual(sent, []);
  const { outcome, delivery } = await see(name);
  assert.deepEqual([outcome, delivery], [succeeded, undefined]);
});

test('an outcome that nobody waits for has its delivery skipped by the same write', async (t) => {
  const { ids, assetId, template, acceptedAt } = aFlow().request;
  const request = { ...rest, ids, assetId, template, acceptedAt } as const;
  const { deps, see, sent } = await start(t, { request });
  let writes = 0;
  function count(): Promise<void> {
    writes += 1;
    return Promise.resolve();
  }
  const counting = disturbed(deps, { before: count, after: nothing });
  await setOutcome(counting, { flow: await see(name), outcome: succeeded, manifest }, signal);
  assert.deepEqual(sent, []);
  assert.equal(writes, 1);
  assert.equal((await see(name)).delivery?.result, 'skipped');
});
