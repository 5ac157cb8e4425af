import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createObservedFlows } from '../../../../src/reconciler/observed/observed-flows.ts';
import { startTestApi } from '../../../support/api-server.ts';
import { aJob, aPod } from '../../../support/flow-job.ts';
import { aFlow } from '../../../support/flow-values.ts';
import { nothingObserved } from '../../../support/observed.ts';

function patience(): AbortSignal {
  return AbortSignal.timeout(60_000);
}

async function namesOf(observed: ReturnType<typeof createObservedFlows>): Promise<string[]> {
  const { flows } = await observed.list();
  return [...flows].map(({ flow, attempts }) => `${flow.name}:${attempts.length}`).sort();
}

test('a replica whose cache is not current polls the cluster, once however many ask', async () => {
  await using api = await startTestApi();
  await api.cluster.jobs.create(aJob({ name: 'flow-a' }), patience());
  await api.cluster.jobs.create(aJob({ name: 'flow-closed', state: 'closed' }), patience());
  await api.cluster.pods.create(aPod('flow-a', 'pod-a'), patience());
  const broken = aJob({ name: 'flow-broken' });
  broken.metadata = {
    ...broken.metadata,
    annotations: { ...broken.metadata?.annotations, 'edc-job-provisioner/plan': 'no JSON' },
  };
  await api.cluster.jobs.create(broken, patience());
  let lists = 0;
  const { jobs, pods } = api.cluster;
  const counted: typeof jobs = {
    ...jobs,
    list: (...call) => {
      lists += 1;
      return jobs.list(...call);
    },
  };
  let now = 0;
  const observed = createObservedFlows({
    cluster: { jobs: counted, pods },
    observed: nothingObserved,
    clock: () => now,
  });
  const answers = await Promise.all(Array.from({ length: 20 }, () => namesOf(observed)));
  assert.deepEqual(new Set(answers.map((names) => names.join())), new Set(['flow-a:1']));
  assert.equal(lists, 1);
  await api.cluster.jobs.create(aJob({ name: 'flow-b' }), patience());
  now = 4999;
  assert.deepEqual(await namesOf(observed), ['flow-a:1']);
  now = 5000;
  assert.deepEqual(await namesOf(observed), ['flow-a:1', 'flow-b:0']);
  assert.equal(lists, 2);
});

test('a cluster that does not answer is not asked more often than one that does', async () => {
  let lists = 0;
  const failing = {
    list: () => {
      lists += 1;
      return Promise.reject(new Error('down'));
    },
  } as never;
  const observed = createObservedFlows({
    cluster: { jobs: failing, pods: failing },
    observed: nothingObserved,
    clock: () => 0,
  });
  for (let asked = 0; asked < 5; asked += 1) await assert.rejects(observed.list(), /down/);
  assert.equal(lists, 2);
});

test('a replica answers from its cache as long as that is current', async () => {
  await using api = await startTestApi();
  const cache = { flows: () => [aFlow({ name: 'flow-c' })], attempts: () => [] };
  let current: typeof cache | undefined = cache;
  const observed = createObservedFlows({ cluster: api.cluster, observed: { current: () => current } });
  assert.deepEqual(await namesOf(observed), ['flow-c:0']);
  current = undefined;
  assert.deepEqual(await namesOf(observed), []);
});
