import assert from 'node:assert/strict';
import { test } from 'node:test';
import { annotation } from '../../../../src/flow/annotations.ts';
import { stateLabel } from '../../../../src/flow/labels.ts';
import { observeState, type ObservedState } from '../../../../src/reconciler/observed/observed-state.ts';
import type { ReconcilerDependencies } from '../../../../src/reconciler/reconciler.ts';
import { createCallbackHold } from '../../../../src/answer-first/callback-hold.ts';
import { aJob, aPod } from '../../../support/flow-job.ts';
import { startTestReconciler } from '../../../support/test-reconciler.ts';
import { waitUntil } from '../../../support/wait-until.ts';
import { memoryStore } from '../../result/stored-results.ts';

const { signal } = new AbortController();

async function follow(
  deps: ReconcilerDependencies,
  during: (observed: ObservedState) => Promise<void> | void,
): Promise<void> {
  const ending = new AbortController();
  const observed = observeState(deps, ending.signal);
  try {
    assert.equal(await observed.synced, true);
    await during(observed);
  } finally {
    ending.abort();
    await observed.ended;
  }
}

const closed = { metadata: { labels: { [stateLabel]: 'closed' } } };

test('a flow that this replica has followed for long enough needs no takeover hold when it takes over, one from just before does', async (t) => {
  const { deps: parts, api } = await startTestReconciler(t, { store: memoryStore(new Map()) });
  let now = 0;
  const callbackHold = createCallbackHold({ holdMillis: () => 5, takeoverHoldMillis: 12 }, () => now);
  const deps = { ...parts, callbackHold };
  await api.cluster.jobs.create(aJob({ name: 'flow-a' }), signal);
  await follow(deps, async (observed) => {
    const { cache } = observed;
    function remaining(name: string): number | undefined {
      const flow = cache.flow(name);
      return flow && callbackHold.remaining(flow);
    }
    async function seen(name: string): Promise<number | undefined> {
      await waitUntil(`${name} is seen`, () => cache.flow(name));
      return remaining(name);
    }
    assert.equal(await seen('flow-a'), 12);
    now = 10;
    await api.cluster.jobs.create(aJob({ name: 'flow-b' }), signal);
    assert.equal(await seen('flow-b'), 12);
    now = 14;
    const term = new AbortController();
    observed.lead(() => undefined, term.signal);
    assert.deepEqual(['flow-a', 'flow-b'].map(remaining), [0, 8], 'both count from when they were seen');

    let later = 0;
    await waitUntil('a flow that came after the takeover is known as such', async () => {
      const name = `flow-later-${(later += 1)}`;
      await api.cluster.jobs.create(aJob({ name }), signal);
      return (await seen(name)) === 5;
    });
    term.abort();
    await api.cluster.jobs.create(aJob({ name: 'flow-z' }), signal);
    assert.equal(await seen('flow-z'), 12, 'another replica leads');
  });
});

test('a flow from before the takeover that the watch shows only after it is held as one that is taken over', async (t) => {
  const { deps: parts, api } = await startTestReconciler(t, { store: memoryStore(new Map()) });
  const callbackHold = createCallbackHold({ holdMillis: () => 5, takeoverHoldMillis: 12 }, () => 0);
  const behind = Promise.withResolvers<undefined>();
  let read = false;
  const { jobs } = api.cluster;
  const cluster = {
    ...api.cluster,
    jobs: {
      ...jobs,
      async *watch(...call: Parameters<typeof jobs.watch>) {
        await behind.promise;
        yield* jobs.watch(...call);
      },
      list: async (...call: Parameters<typeof jobs.list>) => {
        const page = await jobs.list(...call);
        read ||= call[0].limit === 1;
        return page;
      },
    },
  };
  await follow({ ...parts, cluster, callbackHold }, async (observed) => {
    const { cache } = observed;
    await api.cluster.jobs.create(aJob({ name: 'flow-before' }), signal);
    observed.lead(() => undefined, AbortSignal.timeout(120_000));
    await waitUntil('the version of the cluster is read', () => read);
    await api.cluster.jobs.create(aJob({ name: 'flow-after' }), signal);
    behind.resolve(undefined);
    const after = await waitUntil('the watch has caught up', () => cache.flow('flow-after'));
    const before = cache.flow('flow-before');
    assert.ok(before !== undefined);
    assert.deepEqual([callbackHold.remaining(before), callbackHold.remaining(after)], [12, 5]);
  });
});

test('no callback hold of a closed flow is kept, whether this replica leads or not', async (t) => {
  const { deps: parts, api, see } = await startTestReconciler(t, { store: memoryStore(new Map()) });
  let now = 0;
  const callbackHold = createCallbackHold({ holdMillis: () => 5, takeoverHoldMillis: 5 }, () => now);
  const names = ['flow-a', 'flow-b'];
  for (const name of names) await api.cluster.jobs.create(aJob({ name }), signal);
  const flows = await Promise.all(names.map(see));
  await follow({ ...parts, callbackHold }, async (observed) => {
    const { cache } = observed;
    now = 10;
    const term = new AbortController();
    observed.lead(() => undefined, term.signal);
    await api.cluster.jobs.patch('flow-a', closed, signal);
    await waitUntil('the first is closed', () => cache.flow('flow-a') === undefined);
    term.abort();
    assert.deepEqual(
      flows.map((flow) => callbackHold.remaining(flow)),
      [5, 0],
    );
    await api.cluster.jobs.patch('flow-b', closed, signal);
    await waitUntil('the second is closed', () => cache.flow('flow-b') === undefined);
    assert.deepEqual(
      flows.map((flow) => callbackHold.remaining(flow)),
      [5, 5],
    );
  });
});

test('changes wake the term that runs, and nobody after it', async (t) => {
  const { deps, api } = await startTestReconciler(t, { store: memoryStore(new Map()) });
  await follow(deps, async (observed) => {
    const { cache } = observed;
    await api.cluster.jobs.create(aJob({ name: 'flow-a' }), signal);
    await waitUntil('it is seen', () => cache.flow('flow-a'));
    const terms = [new AbortController(), new AbortController(), new AbortController()] as const;
    const woken: string[][] = [[], [], []];
    observed.lead((flow) => woken[0]?.push(flow), terms[0].signal);
    await api.cluster.jobs.create(aJob({ name: 'flow-b' }), signal);
    await waitUntil('the first term is woken', () => woken[0]?.length === 1);
    terms[0].abort();
    observed.lead((flow) => woken[1]?.push(flow), terms[1].signal);
    cache.updateJob(
      await api.cluster.jobs.patch('flow-b', { metadata: { annotations: { a: 'b' } } }, signal),
    );
    await api.cluster.pods.create(aPod('flow-a', 'pod-a'), signal);
    await waitUntil('the second term is woken', () => woken[1]?.length === 1);
    terms[1].abort();
    terms[2].abort();
    observed.lead((flow) => woken[2]?.push(flow), terms[2].signal);
    await api.cluster.jobs.create(aJob({ name: 'flow-c' }), signal);
    await waitUntil('it is seen', () => cache.flow('flow-c'));
    assert.deepEqual(woken, [['flow-b'], ['flow-a'], []]);
  });
});

test('who follows a flow is called for each change of its Job and pods, our own writes included, until it ends that', async (t) => {
  const { deps, api } = await startTestReconciler(t, { store: memoryStore(new Map()) });
  await follow(deps, async (observed) => {
    const calls = { a: 0, again: 0, b: 0 };
    const ends = [
      observed.subscribe('flow-a', () => (calls.a += 1)),
      observed.subscribe('flow-a', () => (calls.again += 1)),
    ];
    observed.subscribe('flow-b', () => (calls.b += 1));
    await api.cluster.jobs.create(aJob({ name: 'flow-a' }), signal);
    await waitUntil('the Job is seen', () => calls.a === 1);
    await api.cluster.pods.create(aPod('flow-a', 'pod-a'), signal);
    await waitUntil('its pod is seen', () => calls.a === 2);
    const metadata = { annotations: { [annotation.startedAt]: '2026-01-01T00:00:00.000Z' } };
    observed.cache.updateJob(await api.cluster.jobs.patch('flow-a', { metadata }, signal));
    assert.deepEqual(calls, { a: 3, again: 3, b: 0 }, 'in the same tick');
    ends[0]?.();
    ends[0]?.();
    await api.cluster.pods.create(aPod('flow-a', 'pod-b'), signal);
    await waitUntil('the second pod is seen', () => calls.again === 4);
    assert.deepEqual(calls, { a: 3, again: 4, b: 0 });
  });
});

test('a cache is current from its first list until nothing was heard for too long, and tells why it is not', async (t) => {
  const { deps, api } = await startTestReconciler(t, { store: memoryStore(new Map()) });
  await api.cluster.jobs.create(aJob({ name: 'flow-a' }), signal);
  let elapsed = 0;
  t.mock.method(performance, 'now', () => elapsed);
  const ending = new AbortController();
  const observed = observeState(deps, ending.signal);
  assert.equal(observed.current(), undefined);
  assert.deepEqual(observed.status(), { synced: false });
  await observed.synced;
  assert.ok(observed.current()?.flow('flow-a'));
  elapsed = 90_000;
  assert.ok(observed.current());
  elapsed = 90_001;
  assert.equal(observed.current(), undefined);
  assert.equal(observed.status().problem?.kind, 'jobs');
  await api.cluster.jobs.create(aJob({ name: 'flow-b' }), signal);
  await api.cluster.pods.create(aPod('flow-b', 'pod-b'), signal);
  await waitUntil('it is current again', () => observed.current());
  ending.abort();
  await observed.ended;
});

for (const [older, newer] of [
  ['pod-a', 'pod-z'],
  ['pod-z', 'pod-a'],
] as const) {
  test(`a flow's attempts are known from the oldest to the newest, whatever their names: ${older}, ${newer}`, async (t) => {
    const { deps, api } = await startTestReconciler(t, { store: memoryStore(new Map()) });
    await api.cluster.jobs.create(aJob({ name: 'flow-a' }), signal);
    for (const name of [older, newer]) await api.cluster.pods.create(aPod('flow-a', name), signal);
    // Their creation times may be of the same second: only a disrupted pod is followed by another one.
    await api.cluster.pods.delete(older, {}, signal);
    await follow(deps, ({ cache }) => {
      assert.deepEqual(
        cache.attempts('flow-a').map(({ pod }) => pod),
        [older, newer],
      );
    });
  });
}
