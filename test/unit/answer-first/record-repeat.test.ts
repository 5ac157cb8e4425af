import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ServiceError } from '../../../src/errors.ts';
import type { Job } from '../../../src/kubernetes/types.ts';
import { createRecordRepeat } from '../../../src/answer-first/record-repeat.ts';
import { aJob } from '../../support/flow-job.ts';
import { at, epoch } from '../../support/flow-values.ts';
import { startTestReconciler } from '../../support/test-reconciler.ts';
import { memoryStore } from '../result/stored-results.ts';

const { signal } = new AbortController();

/** An open flow, and patches that a test lets through or breaks, and counts. */
async function start(t: TestContext, beforePatch: (patches: number) => Promise<void> | void) {
  const { deps, api, setClock } = await startTestReconciler(t, { store: memoryStore() });
  const { metadata } = await api.cluster.jobs.create(aJob({}), signal);
  const counts = { patches: 0 };
  async function patch(...args: Parameters<typeof api.cluster.jobs.patch>): Promise<Job> {
    counts.patches += 1;
    await beforePatch(counts.patches);
    return await api.cluster.jobs.patch(...args);
  }
  const cluster = { ...api.cluster, jobs: { ...api.cluster.jobs, patch } };
  const flow = metadata?.name ?? '';
  async function lastRequestAt(): Promise<string | undefined> {
    const job = await api.cluster.jobs.get(flow, signal);
    return Object.entries(job?.metadata?.annotations ?? {}).find(([name]) =>
      name.endsWith('last-request-at'),
    )?.[1];
  }
  let millis = 0;
  return {
    recordRepeat: createRecordRepeat({ ...deps, cluster }, () => millis),
    /** The request half of another process, with a wall clock of its own. */
    replica: (now: () => Date) => createRecordRepeat({ ...deps, cluster, now }, () => millis),
    flow,
    counts,
    setClock,
    /** Time goes by for all processes, whatever their wall clocks say. */
    pass: (seconds: number) => {
      millis += seconds * 1000;
    },
    lastRequestAt,
  };
}

test('fifty repeats at once write one mark, and all wait until it is there', async (t) => {
  const { recordRepeat, flow, counts, setClock, lastRequestAt } = await start(t, () => undefined);
  setClock(60);
  const seen = await Promise.all(
    Array.from({ length: 50 }, async () => {
      await recordRepeat(flow, signal);
      return await lastRequestAt();
    }),
  );
  assert.deepEqual(new Set(seen), new Set([at(60)]));
  assert.equal(counts.patches, 1);
});

test('a repeat that comes when the mark under way is a second old writes its own', async (t) => {
  const held = Promise.withResolvers<undefined>();
  const begun = Promise.withResolvers<undefined>();
  const { recordRepeat, flow, counts, setClock, lastRequestAt, pass } = await start(t, async (patches) => {
    if (patches > 1) return;
    begun.resolve(undefined);
    await held.promise;
  });
  setClock(60);
  const first = recordRepeat(flow, signal);
  await begun.promise;
  setClock(61);
  pass(1);
  await recordRepeat(flow, signal);
  assert.equal(await lastRequestAt(), at(61));
  held.resolve(undefined);
  await first;
  assert.equal(counts.patches, 2);
});

test('when the mark under way fails, one of those who waited for it writes another', async (t) => {
  const { recordRepeat, flow, counts, setClock, lastRequestAt } = await start(t, (patches) => {
    if (patches === 1) throw new ServiceError('cluster-unavailable', 'not now');
  });
  setClock(60);
  const results = await Promise.allSettled(Array.from({ length: 10 }, () => recordRepeat(flow, signal)));
  assert.equal(results.filter(({ status }) => status === 'rejected').length, 1);
  assert.equal(counts.patches, 2);
  assert.equal(await lastRequestAt(), at(60));
});

for (const skew of [-3600, -4, -0.5, 0, 0.5, 4, 3600]) {
  test(`a repeat at a replica writes its own mark, although another's clock is ${skew} s off`, async (t) => {
    const { replica, flow, counts, pass, lastRequestAt } = await start(t, () => undefined);
    const here = replica(() => new Date(epoch + 60_000));
    const there = replica(() => new Date(epoch + 60_000 + skew * 1000));
    await there(flow, signal);
    const first = await lastRequestAt();
    pass(4);
    await here(flow, signal);
    const second = await lastRequestAt();
    assert.notEqual(second, first);
    pass(4);
    await there(flow, signal);
    assert.notEqual(await lastRequestAt(), second);
    assert.equal(counts.patches, 3);
  });
}

for (const jump of [-3600, 0, 3600]) {
  test(`repeats within a second share a mark, later ones do not, although the clock jumps by ${jump} s`, async (t) => {
    const { recordRepeat, flow, counts, setClock, pass } = await start(t, () => undefined);
    setClock(7200);
    await recordRepeat(flow, signal);
    setClock(7200 + jump);
    pass(0.9);
    await recordRepeat(flow, signal);
    assert.equal(counts.patches, 1);
    pass(0.1);
    await recordRepeat(flow, signal);
    assert.equal(counts.patches, 2);
  });
}
