import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stateLabel } from '../../../../src/flow/labels.ts';
import { observeState, type ObservedState } from '../../../../src/reconciler/observed/observed-state.ts';
import type { ReconcilerDependencies } from '../../../../src/reconciler/reconciler.ts';
import { createCallbackHold } from '../../../../src/answer-first/callback-hold.ts';
import { aJob, aPod } from '../../../support/flow-job.ts';
import { startTestReconciler } from '../../../support/test-reconciler.ts';
import { waitUntil } from '../../../support/wait-until.ts';
import { memoryStore } from '../../result/stored-results.ts';

const { signal } = new AbortController();

/** One term of leading, from its first list to its end. */
async function lead(
  deps: ReconcilerDependencies,
  during: (observed: ObservedState) => Promise<void> | void,
): Promise<void> {
  const term = new AbortController();
  const observed = observeState(deps, () => undefined, term.signal);
  try {
    assert.equal(await observed.synced, true);
    await during(observed);
  } finally {
    term.abort();
    await observed.ended;
  }
}

test('no callback hold is kept of a flow that was closed, neither by this leader nor by another one', async (t) => {
  const { deps: parts, api, see } = await startTestReconciler(t, { store: memoryStore(new Map()) });
  let now = 0;
  const callbackHold = createCallbackHold({ holdMillis: () => 5, takeoverHoldMillis: 5 }, () => now);
  const deps = { ...parts, callbackHold };
  const names = ['flow-a', 'flow-b', 'flow-c'];
  for (const name of names) await api.cluster.jobs.create(aJob({ name }), signal);
  const flows = await Promise.all(names.map(see));
  const closed = { metadata: { labels: { [stateLabel]: 'closed' } } };
  function held(): number[] {
    return flows.map((flow) => callbackHold.remaining(flow));
  }

  await lead(deps, async ({ cache }) => {
    now = 10;
    assert.deepEqual(held(), [0, 0, 0], 'all are known for long enough');
    await api.cluster.jobs.patch('flow-a', closed, signal);
    await waitUntil('the first is closed', () => cache.flow('flow-a') === undefined);
  });
  assert.deepEqual(held(), [5, 0, 0], 'what was closed before its eyes is forgotten');
  await api.cluster.jobs.patch('flow-b', closed, signal);
  await lead(deps, () => undefined);
  assert.deepEqual(held(), [5, 5, 0], 'and so is what another leader has closed');
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
    await lead(deps, ({ cache }) => {
      assert.deepEqual(
        cache.attempts('flow-a').map(({ pod }) => pod),
        [older, newer],
      );
    });
  });
}
