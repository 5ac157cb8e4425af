import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { annotation, writeAnnotation } from '../../../src/flow/annotations.ts';
import type { Delivery } from '../../../src/flow/delivery.ts';
import type { Flow } from '../../../src/flow/flow.ts';
import { buildRecord } from '../../../src/flow/record.ts';
import type { Job } from '../../../src/kubernetes/types.ts';
import { createRecordRepeat } from '../../../src/answer-first/record-repeat.ts';
import { awaitAttempt } from '../../../src/dialects/await-attempt.ts';
import { findFlow } from '../../../src/requests/find-flow.ts';
import { writeRecord } from '../../../src/requests/stored-record.ts';
import { aJob } from '../../support/flow-job.ts';
import { at } from '../../support/flow-values.ts';
import { startTestReconciler } from '../../support/test-reconciler.ts';
import { memoryStore } from '../result/stored-results.ts';

const { signal } = new AbortController();
const outcome = { phase: 'failed', at: at(29), reason: 'worker-failed', message: '' } as const;
const underWay: Delivery = { attempts: 1, startedAt: at(30) };

/** A flow whose attempt is under way. `onLook` runs before each look at it, with how many there were. */
async function start(t: TestContext, onLook: (looks: number) => Promise<unknown>, busyHoldMillis = 10_000) {
  const { deps, api, see, setClock } = await startTestReconciler(t, { store: memoryStore() });
  const { metadata } = await api.cluster.jobs.create(aJob({ outcome, delivery: underWay }), signal);
  const flow = metadata?.name ?? '';
  setClock(60);
  const found = (await findFlow(deps, flow, signal)) ?? assert.fail();
  let looks = 0;
  async function get(name: string): Promise<Job | undefined> {
    looks += 1;
    await onLook(looks);
    return await api.cluster.jobs.get(name, signal);
  }
  const cluster = { ...api.cluster, jobs: { ...api.cluster.jobs, get } };
  const waiting = {
    busyHoldMillis,
    flows: {
      find: (id: string, until: AbortSignal) => findFlow({ ...deps, cluster }, id, until),
      recordRepeat: createRecordRepeat(deps),
    },
  };
  return {
    deps,
    api,
    see,
    flow,
    looks: () => looks,
    wait: (until = signal) => awaitAttempt(waiting, { id: flow, found }, until),
    async save(members: Partial<Delivery>): Promise<void> {
      const annotations = writeAnnotation(annotation.delivery, { ...underWay, ...members });
      await api.cluster.jobs.patch(flow, { metadata: { annotations } }, signal);
    },
  };
}

const rows = [
  { result: 'delivered', delivered: true, over: true },
  { result: 'obsolete', delivered: true, over: true },
  { result: 'rejected', delivered: false, over: true },
  { result: 'failed', delivered: false, over: false },
] as const;
for (const { result, ...expected } of rows) {
  test(`a request that waits for an attempt learns that it is ${result}`, async (t) => {
    const world = await start(t, async (looks) => {
      if (looks === 3) await world.save({ result });
    });
    const { delivered, over, delivering } = await world.wait();
    assert.deepEqual({ delivered, over, delivering }, { ...expected, delivering: false });
    assert.equal(world.looks(), 3);
  });
}

test('a request that waits holds the next attempt back before it looks', async (t) => {
  const marks: (string | undefined)[] = [];
  const world = await start(t, async () => {
    marks.push((await world.see(world.flow)).lastRequestAt);
    await world.save({ result: 'failed' });
  });
  await world.wait();
  assert.deepEqual(marks, [at(60)]);
});

test('a request waits on while one attempt follows another', async (t) => {
  const world = await start(t, async (looks) => {
    if (looks === 1) await world.save({ attempts: 2, startedAt: at(31) });
    if (looks === 2) await world.save({ attempts: 2, startedAt: at(31), result: 'delivered' });
  });
  assert.equal((await world.wait()).delivered, true);
});

test('an attempt without a result for long is an error that may be held, after a few looks', async (t) => {
  const world = await start(t, () => Promise.resolve(), 200);
  await assert.rejects(world.wait(), { code: 'unavailable' });
  // 25, 50, 100 and the rest of 200 milliseconds.
  assert.ok(world.looks() <= 4, `${world.looks()} looks`);
});

test('a flow whose Job is gone meanwhile is as its record says', async (t) => {
  const world = await start(t, async () => {
    await world.save({ result: 'delivered' });
    const flow: Flow = await world.see(world.flow);
    await writeRecord(world.deps.store, buildRecord(flow, at(61)) ?? assert.fail(), signal);
    await world.api.cluster.jobs.patch(world.flow, { metadata: { finalizers: null } }, signal);
    await world.api.cluster.jobs.delete(world.flow, {}, signal);
  });
  assert.equal((await world.wait()).delivered, true);
});

test('a request whose client has gone does not go on looking', async (t) => {
  const gone = new AbortController();
  const world = await start(t, () => {
    gone.abort(new Error('the client has gone'));
    return Promise.resolve();
  });
  await assert.rejects(world.wait(gone.signal));
  assert.equal(world.looks(), 1);
});
