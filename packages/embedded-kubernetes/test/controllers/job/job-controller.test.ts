import assert from 'node:assert/strict';
import test from 'node:test';
import { setImmediate } from 'node:timers/promises';

import type { Job } from '../../../src/objects/job.ts';
import { waitUntil } from '../../wait-until.ts';
import { disrupted, failedWith, startFixture } from './job-fixture.ts';

test('a pod carries its template, its owner and the finalizers that keep its end', async (t) => {
  const cluster = startFixture(t);
  const job = cluster.createJob(
    {},
    { metadata: { labels: { a: 'b' }, annotations: { c: 'd' }, finalizers: ['example.org/evidence'] } },
  );
  const pod = await cluster.onlyPod();
  assert.match(pod.metadata.name, /^flow-[a-z0-9]{5}$/);
  assert.equal(pod.metadata.labels?.['a'], 'b');
  assert.equal(pod.metadata.labels['batch.kubernetes.io/job-name'], 'flow');
  assert.deepEqual(pod.metadata.annotations, { c: 'd' });
  assert.deepEqual(pod.metadata.finalizers, ['example.org/evidence', 'batch.kubernetes.io/job-tracking']);
  const [owner] = pod.metadata.ownerReferences ?? [];
  assert.deepEqual([owner?.kind, owner?.uid, owner?.controller], ['Job', job.metadata.uid, true]);
});

test('a Job is Complete after SuccessCriteriaMet, and its pod loses the tracking finalizer', async (t) => {
  const cluster = startFixture(t);
  const seen: string[] = [];
  cluster.registry.subscribe(({ resource, object }) => {
    if (resource !== 'jobs') return;
    seen.push(((object as Job).status.conditions ?? []).map(({ type }) => type).join());
  });
  cluster.createJob({});
  const pod = await cluster.onlyPod();
  cluster.report(pod, { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] });
  await waitUntil('the Job counts it as ready', () => cluster.job().status.ready === 1);
  assert.equal(cluster.job().status.active, 1);
  cluster.report(pod, { phase: 'Succeeded' });
  await waitUntil('the Job is complete', () => cluster.job().status.completionTime);
  assert.deepEqual(
    [...new Set(seen)].filter((each) => each !== ''),
    ['SuccessCriteriaMet', 'SuccessCriteriaMet,Complete'],
  );
  assert.equal(cluster.job().status.succeeded, 1);
  assert.equal(cluster.job().status.active, undefined);
  assert.equal(cluster.pods()[0]?.metadata.finalizers, undefined);
  assert.deepEqual(cluster.reasons().sort(), ['Completed', 'SuccessfulCreate']);
});

test('a suspended Job has no pod and no start; resumed it has both; suspended again it loses the pod uncounted', async (t) => {
  const cluster = startFixture(t);
  cluster.createJob({ suspend: true });
  await waitUntil('it is suspended', () => cluster.conditions().includes('Suspended=True JobSuspended'));
  assert.deepEqual([cluster.pods().length, cluster.job().status.startTime], [0, undefined]);

  cluster.setSpec({ suspend: false });
  const pod = await cluster.onlyPod();
  await waitUntil('it has started', () => cluster.job().status.startTime);
  assert.deepEqual(cluster.conditions(), ['Suspended=False JobResumed']);

  cluster.bind(pod);
  cluster.setSpec({ suspend: true });
  await waitUntil('the pod is ending', () => cluster.job().status.terminating === 1);
  assert.equal(cluster.job().status.active, undefined);
  cluster.report(pod, failedWith(143));
  cluster.removePod(pod);
  await waitUntil('the pod is gone', () => cluster.job().status.terminating === 0);
  assert.deepEqual([cluster.pods().length, cluster.job().status.failed], [0, undefined]);
  assert.deepEqual(cluster.conditions(), ['Suspended=True JobSuspended']);
});

test('failed pods are replaced until backoffLimit is exceeded', async (t) => {
  const cluster = startFixture(t);
  cluster.createJob({ backoffLimit: 1 });
  const first = await cluster.onlyPod();
  cluster.report(first, failedWith(1));
  const second = await waitUntil('there is a replacement', () =>
    cluster.pods().find((pod) => pod.metadata.uid !== first.metadata.uid),
  );
  cluster.report(second, failedWith(1));
  await waitUntil('the Job is failed', () => cluster.conditions().length === 2);
  assert.deepEqual(cluster.conditions(), [
    'FailureTarget=True BackoffLimitExceeded',
    'Failed=True BackoffLimitExceeded',
  ]);
  assert.equal(cluster.job().status.failed, 2);
});

test('a replacement waits for the back-off', async (t) => {
  const cluster = startFixture(t, { backOffMillis: 10_000 });
  cluster.createJob({ backoffLimit: 1 });
  cluster.report(await cluster.onlyPod(), failedWith(1));
  await waitUntil('the failure is counted', () => cluster.job().status.failed === 1);
  assert.equal(cluster.pods().length, 1);
  cluster.advance(10);
  cluster.setSpec({ activeDeadlineSeconds: 100 });
  await waitUntil('there is a replacement', () => cluster.pods().length === 2);
});

test('a Job past its deadline is Failed only when its pod has ended', async (t) => {
  const cluster = startFixture(t);
  cluster.createJob({ activeDeadlineSeconds: 60, podReplacementPolicy: 'Failed' });
  const pod = await cluster.onlyPod();
  cluster.bind(pod);
  cluster.advance(60);
  cluster.report(pod, { phase: 'Running' });
  await waitUntil('the pod is ending', () => cluster.pods()[0]?.metadata.deletionTimestamp);
  await waitUntil('the Job counts it so', () => cluster.job().status.terminating === 1);
  assert.deepEqual(cluster.conditions(), ['FailureTarget=True DeadlineExceeded']);
  cluster.report(pod, failedWith(143));
  await waitUntil('the Job is failed', () => cluster.conditions().includes('Failed=True DeadlineExceeded'));
  assert.equal(cluster.job().status.failed, 1);
});

test('the deadline comes by itself', async (t) => {
  const cluster = startFixture(t);
  cluster.createJob({ activeDeadlineSeconds: 60 });
  await cluster.onlyPod();
  cluster.advance(59);
  // Looked at now, there is at most a second left; after that nothing happens but time.
  cluster.setSpec({ backoffLimit: 1 });
  await setImmediate();
  await setImmediate();
  assert.deepEqual(cluster.conditions(), []);
  cluster.advance(60);
  await waitUntil('the Job is failed', () => cluster.conditions().includes('Failed=True DeadlineExceeded'));
});

const policy = {
  podReplacementPolicy: 'Failed',
  podFailurePolicy: {
    rules: [
      { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
      { action: 'FailJob', onExitCodes: { containerName: 'worker', operator: 'NotIn', values: [3] } },
    ],
  },
};

const policyCases = [
  {
    name: 'FailJob ends the Job whatever backoffLimit says',
    status: failedWith(42),
    conditions: ['FailureTarget=True PodFailurePolicy', 'Failed=True PodFailurePolicy'],
    failed: 1,
  },
  { name: 'no rule counts and replaces', status: failedWith(3), conditions: [], failed: 1 },
  {
    name: 'Ignore replaces without counting',
    status: { ...failedWith(143), ...disrupted },
    conditions: [],
    failed: undefined,
  },
  {
    name: 'a container the rule does not name is not looked at',
    status: {
      ...failedWith(0),
      initContainerStatuses: [{ name: 'uploader', state: { terminated: { exitCode: 137 } } }],
    },
    conditions: [],
    failed: 1,
  },
];

for (const { name, status, conditions, failed } of policyCases) {
  test(`podFailurePolicy: ${name}`, async (t) => {
    const cluster = startFixture(t);
    cluster.createJob({ backoffLimit: 5, ...policy });
    cluster.report(await cluster.onlyPod(), status);
    await waitUntil(
      'the failure has its consequence',
      () => cluster.pods().length + cluster.conditions().length > (conditions.length || 1),
    );
    assert.deepEqual(cluster.conditions(), conditions);
    assert.equal(cluster.job().status.failed, failed);
    if (conditions.length > 0) {
      const [condition] = cluster.job().status.conditions ?? [];
      const pod = cluster.pods()[0]?.metadata.name ?? '';
      const message = `Container worker for pod work/${pod} failed with exit code 42 matching FailJob rule at index 1`;
      assert.equal(condition?.message, message);
    }
  });
}

for (const { podReplacementPolicy, pods } of [
  { podReplacementPolicy: 'TerminatingOrFailed', pods: 2 },
  { podReplacementPolicy: 'Failed', pods: 1 },
]) {
  test(`with ${podReplacementPolicy} there are ${pods} pods while the first one ends`, async (t) => {
    const cluster = startFixture(t);
    cluster.createJob({ backoffLimit: 1, podReplacementPolicy });
    const pod = await cluster.onlyPod();
    cluster.bind(pod);
    cluster.registry.delete({ resource: 'pods', namespace: 'work', name: pod.metadata.name });
    await waitUntil('the Job knows', () => cluster.job().status.terminating === 1);
    await waitUntil('its pods are settled', () => cluster.pods().length === pods);
    assert.equal(cluster.job().status.failed, pods === 2 ? 1 : undefined);
    cluster.report(pod, failedWith(143));
    cluster.removePod(pod);
    await waitUntil('the first is gone', () => cluster.job().status.terminating === 0);
    await waitUntil('there is one replacement', () => cluster.job().status.active === 1);
    assert.equal(cluster.job().status.failed, 1);
  });
}

test('completions and parallelism bound what runs and what is Complete', async (t) => {
  const cluster = startFixture(t);
  cluster.createJob({ completions: 3, parallelism: 2 });
  await waitUntil('two run', () => cluster.job().status.active === 2);
  for (const pod of cluster.pods()) cluster.report(pod, { phase: 'Succeeded' });
  await waitUntil('one runs', () => cluster.job().status.active === 1);
  assert.deepEqual(cluster.conditions(), []);
  const last = cluster.pods().find((pod) => pod.status.phase === 'Pending');
  assert.ok(last);
  cluster.report(last, { phase: 'Succeeded' });
  await waitUntil('it is complete', () => cluster.job().status.completionTime);
  assert.deepEqual([cluster.job().status.succeeded, cluster.pods().length], [3, 3]);
});

test('a pod whose status a client has written in part is judged by what is there', async (t) => {
  const cluster = startFixture(t);
  cluster.createJob(policy);
  cluster.report(await cluster.onlyPod(), { phase: 'Failed', containerStatuses: [{ name: 'worker' }] });
  await waitUntil('it is counted', () => cluster.job().status.failed === 1);
});

test('a deleted Job leaves no pod held by its finalizer', async (t) => {
  const cluster = startFixture(t);
  cluster.createJob({});
  await cluster.onlyPod();
  cluster.registry.delete(
    { resource: 'jobs', namespace: 'work', name: 'flow' },
    { propagationPolicy: 'Background' },
  );
  await waitUntil('the pod is gone', () => cluster.pods().length === 0);
});

test('a pod that is refused is reported with its name, and tried again until there is room', async (t) => {
  const cluster = startFixture(t);
  const quota = { resource: 'resourcequotas', namespace: 'work', name: 'few' };
  cluster.registry.create('resourcequotas', { metadata: quota, spec: { hard: { pods: '0' } } });
  cluster.createJob({});
  const event = await waitUntil('it is reported', () =>
    cluster.registry.list('events', 'work').items.find(({ reason }) => reason === 'FailedCreate'),
  );
  assert.match(
    String(event['message']),
    /^Error creating: pods "flow-[a-z0-9]{5}" is forbidden: exceeded quota: few, requested: pods=1, used: pods=0, limited: pods=0$/,
  );
  await waitUntil('the Job has begun', () => cluster.job().status.startTime);
  assert.equal(cluster.job().status.active, undefined);
  assert.deepEqual(cluster.conditions(), []);
  cluster.registry.delete(quota);
  cluster.advance(600);
  await cluster.onlyPod();
});
