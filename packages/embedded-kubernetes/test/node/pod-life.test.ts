import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import test from 'node:test';

import { waitUntil } from '../wait-until.ts';
import { shell, startNode, word } from './node-fixture.ts';

const mounts = { volumeMounts: [{ name: 'state', mountPath: '/run/state' }] };
const volumes = [{ name: 'state', emptyDir: {} }];
const loop = 'touch /run/state/up; while :; do sleep 0.05; done';
const whenUp = 'until test -f /run/state/up; do sleep 0.05; done';

/** Runs until SIGTERM, and then ends with `code`. */
function sidecar(code: number, more: object = {}): object {
  return shell('uploader', `trap 'exit ${code}' TERM; ${loop}`, {
    restartPolicy: 'Always',
    startupProbe: { exec: { command: ['test', '-f', '/run/state/up'] }, periodSeconds: 1 },
    ...mounts,
    ...more,
  });
}

test('a sidecar starts before the worker, gets SIGTERM after its end, and the Job is Complete after both', async (t) => {
  const node = startNode(t);
  node.createJob({}, { initContainers: [sidecar(0)], containers: [shell('worker', 'exit 0')], volumes });
  await waitUntil('the Job is complete', () => node.job().status.completionTime);
  assert.deepEqual(node.history, [
    'pod Pending',
    'uploader PodInitializing',
    'worker PodInitializing',
    'uploader Running',
    'worker Running',
    'pod Running',
    'worker Completed(0)',
    'uploader Completed(0)',
    'pod Succeeded',
    'job SuccessCriteriaMet=True',
    'job Complete=True',
  ]);
});

for (const { name, worker, uploader, phase } of [
  { name: "a worker's failure fails the pod", worker: 3, uploader: 0, phase: 'Failed' },
  { name: "a sidecar's failure does not", worker: 0, uploader: 7, phase: 'Succeeded' },
]) {
  test(name, async (t) => {
    const node = startNode(t);
    node.createPod({
      initContainers: [sidecar(uploader)],
      containers: [shell('worker', `exit ${worker}`)],
      volumes,
    });
    await node.untilPhase(phase);
    assert.equal(node.container('uploader')?.state.terminated?.exitCode, uploader);
    assert.equal(node.container('worker')?.state.terminated?.exitCode, worker);
  });
}

test('a sidecar that does not end within the grace is killed, and the pod still succeeds', async (t) => {
  const node = startNode(t, { minimumGraceMillis: 50 });
  node.createPod({
    terminationGracePeriodSeconds: 0,
    initContainers: [shell('uploader', `trap '' TERM; ${loop}`, { restartPolicy: 'Always', ...mounts })],
    containers: [shell('worker', whenUp, mounts)],
    volumes,
  });
  await node.untilPhase('Succeeded');
  assert.equal(word(node.container('uploader')?.state ?? {}), 'Error(137)');
});

test('sidecars end in reverse order', async (t) => {
  const node = startNode(t);
  node.createPod({
    initContainers: ['first', 'second'].map((name) =>
      shell(name, `trap 'exit 0' TERM; touch /run/state/${name}; while :; do sleep 0.05; done`, {
        restartPolicy: 'Always',
        ...mounts,
      }),
    ),
    containers: [
      shell('worker', 'until test -f /run/state/first -a -f /run/state/second; do sleep 0.05; done', mounts),
    ],
    volumes,
  });
  await node.untilPhase('Succeeded');
  const ends = node.history.filter((each) => each.includes('Completed'));
  assert.deepEqual(ends, ['worker Completed(0)', 'second Completed(0)', 'first Completed(0)']);
});

test('a crashed sidecar restarts, but not any more once the worker has ended', async (t) => {
  const node = startNode(t);
  node.createJob(
    {},
    {
      initContainers: [shell('uploader', 'exit 5', { restartPolicy: 'Always' })],
      containers: [shell('worker', whenUp, mounts)],
      volumes,
    },
  );
  // The first crash restarts soon, the second starts a wait that outlasts this test.
  await waitUntil('it waits', () => node.reasons().includes('BackOff'));
  assert.deepEqual(
    node.history.filter((each) => each.startsWith('uploader')),
    [
      'uploader PodInitializing',
      'uploader Running',
      'uploader Error(5)',
      'uploader Running',
      'uploader Error(5)',
    ],
  );
  node.touch('state', 'up');
  await waitUntil('the Job is complete', () => node.job().status.completionTime);
  assert.equal(node.container('uploader')?.restartCount, 1);
  assert.equal(word(node.container('uploader')?.state ?? {}), 'Error(5)');
});

test('a deleted pod ends its worker first; the sidecar gets SIGTERM only after that, and has a minimum', async (t) => {
  const node = startNode(t, { minimumGraceMillis: 4000 });
  node.createPod({
    initContainers: [sidecar(0)],
    containers: [
      shell('worker', `trap '' TERM; touch /run/state/deaf; while :; do sleep 0.05; done`, mounts),
    ],
    volumes,
  });
  await waitUntil('the worker is deaf', () => node.exists('state', 'deaf'));
  node.deletePod(1);
  await waitUntil('the pod is gone', () => node.history.includes('pod gone'));
  assert.deepEqual(node.history.slice(node.history.indexOf('deletion marked')), [
    'deletion marked',
    'worker Error(137)',
    'uploader Completed(0)',
    'pod Failed',
    'pod gone',
  ]);
});

test('a shorter grace comes too late for a pod that is being stopped', async (t) => {
  const node = startNode(t, { minimumGraceMillis: 50 });
  const slow = `trap 'touch /run/state/asked; sleep 2; exit 3' TERM; ${loop}`;
  node.createPod({
    containers: [shell('worker', slow, mounts)],
    terminationGracePeriodSeconds: 3600,
    volumes,
  });
  await waitUntil('the worker listens', () => node.exists('state', 'up'));
  node.deletePod();
  await waitUntil('it was asked', () => node.exists('state', 'asked'));
  node.deletePod(1);
  await waitUntil('the pod is gone', () => node.history.includes('pod gone'));
  assert.ok(node.history.includes('worker Error(3)'));
});

test('the removal of a pod ends what its grace would have let live', async (t) => {
  const node = startNode(t, { minimumGraceMillis: 50 });
  node.createPod({
    containers: [shell('worker', `trap '' TERM; ${loop}`, mounts)],
    terminationGracePeriodSeconds: 3600,
    volumes,
  });
  await waitUntil('the worker is deaf', () => node.exists('state', 'up'));
  node.deletePod();
  await waitUntil('the pod gets SIGTERM', () => node.reasons().includes('Killing'));
  assert.equal(word(node.container('worker')?.state ?? {}), 'Running');
  node.deletePod(0);
  await waitUntil('the pod is gone', () => node.history.includes('pod gone'));
});

test('a finalizer keeps a deleted pod with its last status', async (t) => {
  const node = startNode(t);
  const script = `trap 'exit 0' TERM; ${loop}`;
  node.createPod(
    { containers: [shell('worker', script, mounts)], volumes },
    { finalizers: ['example.org/evidence'] },
  );
  await waitUntil('the worker listens', () => node.exists('state', 'up'));
  node.deletePod();
  await node.untilPhase('Succeeded');
  await waitUntil('its grace is over', () => node.pod().metadata.deletionGracePeriodSeconds === 0);
  assert.equal(word(node.container('worker')?.state ?? {}), 'Completed(0)');
});

test('an evicted worker that exits 0 makes the Job Complete', async (t) => {
  const node = startNode(t);
  const script = `trap 'exit 0' TERM; ${loop}`;
  node.createJob(
    { podReplacementPolicy: 'Failed' },
    { containers: [shell('worker', script, mounts)], volumes },
  );
  await waitUntil('the worker listens', () => node.exists('state', 'up'));
  const { name } = node.pod().metadata;
  node.registry.modify({ resource: 'pods', namespace: 'work', name }, (draft) => {
    const status = draft['status'] as { conditions: object[] };
    status.conditions.push({ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' });
  });
  node.deletePod();
  await waitUntil('the Job is complete', () => node.job().status.completionTime);
  assert.equal(node.job().status.succeeded, 1);
});

test('a suspended Job loses its pod, a resumed one gets a new one', async (t) => {
  const node = startNode(t);
  node.createJob({}, { containers: [shell('worker', `trap 'exit 1' TERM; ${loop}`, mounts)], volumes });
  await waitUntil('the worker listens', () => node.exists('state', 'up'));
  const first = node.pod().metadata.uid;
  node.suspend(true);
  await waitUntil('the pod is gone', () => node.history.includes('pod gone'));
  node.suspend(false);
  await waitUntil('another runs', () => node.exists('state', 'up'));
  assert.notEqual(node.pod().metadata.uid, first);
  assert.equal(node.job().status.failed, undefined);
});

test("a Job's deadline takes the pod away, a pod's own leaves it", async (t) => {
  const script = `trap 'exit 1' TERM; ${loop}`;
  const spec = { containers: [shell('worker', script, mounts)], volumes };
  const byJob = startNode(t);
  byJob.createJob({ activeDeadlineSeconds: 1, podReplacementPolicy: 'Failed' }, spec);
  await waitUntil('the Job is failed', () => byJob.history.includes('job Failed=True'));
  assert.deepEqual(byJob.job().status.conditions?.at(-1)?.reason, 'DeadlineExceeded');
  assert.ok(byJob.history.includes('pod gone'));

  const byPod = startNode(t);
  byPod.createJob({}, { ...spec, activeDeadlineSeconds: 1 });
  await waitUntil('the Job is failed', () => byPod.history.includes('job Failed=True'));
  assert.deepEqual(byPod.job().status.conditions?.at(-1)?.reason, 'BackoffLimitExceeded');
  assert.deepEqual([byPod.pod().status.phase, byPod.pod().status.reason], ['Failed', 'DeadlineExceeded']);
});

test('init containers run one after the other, and a failed one fails the pod', async (t) => {
  const node = startNode(t);
  node.createPod({
    initContainers: [shell('one', 'exit 0'), shell('two', 'exit 4')],
    containers: [shell('worker', 'exit 0')],
  });
  await node.untilPhase('Failed');
  assert.deepEqual(node.history.slice(4), [
    'one Running',
    'one Completed(0)',
    'two Running',
    'two Error(4)',
    'pod Failed',
  ]);
  const initialized = node.pod().status.conditions?.find(({ type }) => type === 'Initialized');
  assert.deepEqual([initialized?.status, initialized?.reason], ['False', 'ContainersNotInitialized']);
});

test('restartPolicy OnFailure restarts the container in its pod', async (t) => {
  const node = startNode(t);
  const script = 'if test -f /run/state/once; then exit 0; fi; touch /run/state/once; exit 1';
  node.createPod({ restartPolicy: 'OnFailure', containers: [shell('worker', script, mounts)], volumes });
  await node.untilPhase('Succeeded');
  assert.equal(node.container('worker')?.restartCount, 1);
});

test('a startup probe that keeps failing restarts the sidecar and keeps the worker back', async (t) => {
  const node = startNode(t);
  node.createPod({
    initContainers: [
      sidecar(0, {
        startupProbe: { exec: { command: ['false'] }, periodSeconds: 1, failureThreshold: 1 },
      }),
    ],
    containers: [shell('worker', 'exit 0')],
    volumes,
  });
  await waitUntil('it waits', () => node.reasons().includes('BackOff'));
  assert.equal(word(node.container('worker')?.state ?? {}), 'PodInitializing');
  assert.ok(node.messages().includes('Init container uploader failed startup probe'));
});

test('where the pod restarts its containers, one that waits for its next start is shown to wait', async (t) => {
  const node = startNode(t);
  node.createPod({ restartPolicy: 'OnFailure', containers: [shell('worker', 'exit 5')] });
  await node.untilState('worker', 'CrashLoopBackOff');
  assert.equal(node.container('worker')?.lastState.terminated?.exitCode, 5);
});

const hungry = 'tail /dev/zero';
const limited = { resources: { limits: { memory: '64Mi' } } };
const hasMemory = {
  skip: !existsSync('/proc/self/status') && 'without /proc nobody knows what a process uses',
};

test(
  'a worker that takes more memory than its limit is killed, and its reason says so',
  hasMemory,
  async (t) => {
    const node = startNode(t);
    node.createJob({}, { containers: [shell('worker', `exec ${hungry}`, limited)] });
    await node.untilPhase('Failed');
    assert.equal(word(node.container('worker')?.state ?? {}), 'OOMKilled(137)');
  },
);

test(
  'a child that is killed for its memory shows even if the worker then ends well',
  hasMemory,
  async (t) => {
    const node = startNode(t);
    node.createJob({}, { containers: [shell('worker', `${hungry}; exit 0`, limited)] });
    await node.untilPhase('Succeeded');
    assert.equal(word(node.container('worker')?.state ?? {}), 'OOMKilled(0)');
  },
);

test('a volume beyond its limit ends the pod as Evicted, with a kill and no mark of disruption', async (t) => {
  const node = startNode(t);
  const script = `trap 'exit 0' TERM; head -c 200000 /dev/zero > /run/state/big; while :; do sleep 0.05; done`;
  node.createJob(
    {},
    {
      containers: [shell('worker', script, mounts)],
      volumes: [{ name: 'state', emptyDir: { sizeLimit: '100k' } }],
    },
  );
  const { status } = await node.untilPhase('Failed');
  assert.deepEqual(
    [status.reason, status.message],
    ['Evicted', 'Usage of EmptyDir volume "state" exceeds the limit "100k". '],
  );
  assert.equal(word(node.container('worker')?.state ?? {}), 'Error(137)');
  assert.equal(
    status.conditions?.find(({ type }) => type === 'DisruptionTarget'),
    undefined,
  );
});
