import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attemptEnd, readAttempt } from '../../../src/flow/attempt.ts';
import type { Pod } from '../../../src/kubernetes/types.ts';

function aPod(status: Pod['status'], metadata: Pod['metadata'] = {}): Pod {
  return {
    metadata: {
      name: 'flow-a-abcde',
      uid: 'u',
      resourceVersion: '3',
      labels: { 'edc-job-provisioner/flow': 'flow-a' },
      ...metadata,
    },
    ...(status === undefined ? {} : { status }),
  };
}

const saved = { attempt: 'u', exitCode: 0, reason: 'Completed', at: 'then' };

type Statuses = NonNullable<NonNullable<Pod['status']>['containerStatuses']>;

const aWorker = { name: 'worker', image: 'i', imageID: '', ready: false, restartCount: 0 };

function workerEnded(exitCode: number, reason: string): Statuses {
  return [{ ...aWorker, state: { terminated: { exitCode, reason } } }];
}

/** As a kubelet writes it that finds no container of a worker it knew as running. */
function lostWorker(): Statuses[number] {
  return {
    ...aWorker,
    restartCount: 1,
    state: { waiting: { reason: 'PodInitializing' } },
    lastState: { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown' } },
  };
}

test('a pod is terminal by its phase alone, not by its worker: the sidecar may still upload', () => {
  const running = readAttempt(aPod({ phase: 'Running', containerStatuses: workerEnded(0, 'Completed') }));
  assert.equal(running.terminal, false);
  assert.equal(running.worker.state, 'ended');
  assert.equal(
    readAttempt(aPod({ phase: 'Succeeded', containerStatuses: workerEnded(0, 'Completed') })).terminal,
    true,
  );
});

const disruptions: { name: string; pod: Pod; disrupted: string | undefined }[] = [
  {
    name: 'none of it',
    pod: aPod({ phase: 'Failed', containerStatuses: workerEnded(1, 'Error') }),
    disrupted: undefined,
  },
  {
    name: 'an eviction by the API',
    pod: aPod({
      phase: 'Failed',
      conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' }],
    }),
    disrupted: 'EvictionByEvictionAPI',
  },
  {
    name: 'a deletion by hand',
    pod: aPod({ phase: 'Succeeded' }, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    disrupted: 'Deleted',
  },
  {
    name: 'an eviction for disk use, which has no condition',
    pod: aPod({ phase: 'Failed', reason: 'Evicted', message: 'Usage of EmptyDir volume "results"… ' }),
    disrupted: 'Evicted: Usage of EmptyDir volume "results"…',
  },
  {
    name: 'a reboot of the node, which has neither',
    pod: aPod({ phase: 'Failed', containerStatuses: workerEnded(137, 'ContainerStatusUnknown') }),
    disrupted: 'ContainerStatusUnknown',
  },
  {
    name: 'a reboot of the node, whose kubelet has only reported the last state yet',
    pod: aPod({ phase: 'Failed', containerStatuses: [lostWorker()] }),
    disrupted: 'ContainerStatusUnknown',
  },
  {
    name: 'a kubelet that is back and has no room for the pod any more',
    pod: aPod({ phase: 'Failed', reason: 'OutOfcpu', message: 'Pod was rejected: not enough cpu' }),
    disrupted: 'OutOfcpu: Pod was rejected: not enough cpu',
  },
  {
    name: "none in a pod's own deadline",
    pod: aPod({ phase: 'Failed', reason: 'DeadlineExceeded', containerStatuses: workerEnded(137, 'Error') }),
    disrupted: undefined,
  },
];

for (const { name, pod, disrupted } of disruptions) {
  test(`disruption: ${name}`, () => {
    assert.equal(readAttempt(pod).disrupted, disrupted);
  });
}

test('a worker end that was seen before the mark of deletion stands; one that was not is a disruption', () => {
  const pod = readAttempt(
    aPod(
      { phase: 'Succeeded', containerStatuses: workerEnded(0, 'Completed') },
      { deletionTimestamp: '2026-01-01T00:00:00Z' },
    ),
  );
  const seen = attemptEnd(pod, saved, 'now');
  assert.equal(seen.disrupted, undefined);
  assert.equal(seen.interrupted, 'Deleted');
  assert.equal(attemptEnd(pod, undefined, 'now').disrupted, 'Deleted');
});

test('a former life of a worker is its end once its pod has ended, and not before', () => {
  const ended = readAttempt(aPod({ phase: 'Failed', containerStatuses: [lostWorker()] }));
  assert.deepEqual(ended.worker, { state: 'ended', exitCode: 137, reason: 'ContainerStatusUnknown' });
  const running = readAttempt(aPod({ phase: 'Running', containerStatuses: [lostWorker()] }));
  assert.equal(running.worker.state, 'waiting');
});

test("a worker's saved end counts more than the status that a rebooted node reports", () => {
  const pod = readAttempt(
    aPod({ phase: 'Failed', containerStatuses: workerEnded(137, 'ContainerStatusUnknown') }),
  );
  const { worker, interrupted } = attemptEnd(pod, saved, 'now');
  assert.deepEqual(worker, { exitCode: 0, reason: 'Completed' });
  assert.equal(interrupted, 'ContainerStatusUnknown');
});

test('only a pod whose worker has not started has a diagnosis', () => {
  const waiting = { reason: 'ErrImagePull', message: 'no such image' };
  const status = { ...aWorker, state: { waiting } };
  const pod = readAttempt(aPod({ phase: 'Pending', containerStatuses: [status] }));
  assert.equal(pod.blocked?.cause, 'imagePull');
  assert.equal(
    readAttempt(aPod({ phase: 'Failed', containerStatuses: workerEnded(1, 'Error') })).blocked,
    undefined,
  );
});

const failedInput = { error: { input: 'video', message: 'it is missing' } };

/** A sidecar that the kubelet has started again after an end with this message. */
function restarted(message: string): Statuses {
  const lastState = { terminated: { exitCode: 1, reason: 'Error', message } };
  const state = { running: { startedAt: '2026-01-01T00:00:05Z' } };
  return [{ ...aWorker, name: 'uploader', restartCount: 1, state, lastState }];
}

test('a sidecar that could not fetch an input has ended, also when the kubelet has started it again', () => {
  const containerStatuses = [{ ...aWorker, state: { waiting: { reason: 'PodInitializing' } } }];
  const pod = { phase: 'Pending', containerStatuses };
  const failed = readAttempt(
    aPod({ ...pod, initContainerStatuses: restarted(JSON.stringify(failedInput)) }),
  ).sidecar;
  assert.equal(failed.state === 'ended' && failed.message, JSON.stringify(failedInput));
  const killed = readAttempt(aPod({ ...pod, initContainerStatuses: restarted('') })).sidecar;
  assert.equal(killed.state, 'running');
});

test('a pod whose sidecar fetches inputs waits for them since the sidecar runs', () => {
  const spec = {
    initContainers: [{ name: 'uploader', image: 'i', env: [{ name: 'SIDECAR_INPUTS', value: '[]' }] }],
    containers: [],
  };
  const containerStatuses = [{ ...aWorker, state: { waiting: { reason: 'PodInitializing' } } }];
  const [sidecar] = restarted('');
  assert.ok(sidecar !== undefined);
  function blocked(started: boolean) {
    const status = { phase: 'Pending', containerStatuses, initContainerStatuses: [{ ...sidecar, started }] };
    return readAttempt({ ...aPod(status as Pod['status']), spec }).blocked;
  }
  const message = 'The sidecar fetches the inputs';
  assert.deepEqual(blocked(false), { cause: 'inputs', message, since: '2026-01-01T00:00:05Z' });
  assert.equal(blocked(true), undefined);
});
