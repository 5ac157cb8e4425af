import assert from 'node:assert/strict';
import { test } from 'node:test';
import { annotation } from '../../../src/flow/annotations.ts';
import { patchFlow } from '../../../src/reconciler/patch-flow.ts';
import { aJob } from '../../support/flow-job.ts';
import { at } from '../../support/flow-values.ts';
import { startTestReconciler } from '../../support/test-reconciler.ts';
import { flow as name, memoryStore } from '../result/stored-results.ts';

const { signal } = new AbortController();
const annotations = { [annotation.recordedAt]: at(1) };

test('a write is made on what the watch has brought meanwhile, if nothing that is kept of the Job has changed', async (t) => {
  const { deps, api, see } = await startTestReconciler(t, { store: memoryStore(new Map()) });
  await api.cluster.jobs.create(aJob({ name, startedAt: at(0) }), signal);
  const flow = await see(name);
  await api.cluster.jobs.patch(name, { metadata: { annotations: { 'example.org/a': 'b' } } }, signal);
  await see(name);
  await patchFlow(deps, { flow, annotations }, signal);
  assert.equal((await see(name)).recordedAt, at(1));
});

for (const { title, other, watched } of [
  { title: 'something that is kept has changed', other: annotation.deprovision, watched: true },
  { title: 'the watch has brought nothing', other: 'example.org/a', watched: false },
]) {
  test(`a write is refused where somebody else wrote first and ${title}`, async (t) => {
    const { deps, api, see } = await startTestReconciler(t, { store: memoryStore(new Map()) });
    await api.cluster.jobs.create(aJob({ name, startedAt: at(0) }), signal);
    const flow = await see(name);
    await api.cluster.jobs.patch(name, { metadata: { annotations: { [other]: at(0) } } }, signal);
    if (watched) await see(name);
    await assert.rejects(patchFlow(deps, { flow, annotations }, signal), { code: 'cluster-conflict' });
    assert.equal((await see(name)).recordedAt, undefined);
  });
}
