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

function workerEnded(
  exitCode: number,
  reason: string,
): NonNullable<NonNullable<Pod['status']>['containerStatuses']> {
  return [
    {
      name: 'worker',
      image: 'i',
      imageID: '',
      ready: false,
      restartCount: 0,
      state: { terminated: { exitCode, reason } },
    },
  ];
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
    pod: aPod({ phase: 'Failed', reason: 'Evicted' }),
    disrupted: 'Evicted',
  },
  {
    name: 'a reboot of the node, which has neither',
    pod: aPod({ phase: 'Failed', containerStatuses: workerEnded(137, 'ContainerStatusUnknown') }),
    disrupted: 'ContainerStatusUnknown',
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
  assert.equal(attemptEnd(pod, true, 'now').disrupted, undefined);
  assert.equal(attemptEnd(pod, false, 'now').disrupted, 'Deleted');
});

test("why a pod is pending is told in the scheduler's or the kubelet's own words", () => {
  const unschedulable = aPod({
    phase: 'Pending',
    conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes' }],
  });
  assert.equal(readAttempt(unschedulable).waiting, 'Unschedulable: 0/1 nodes');
  const waiting = [
    {
      name: 'worker',
      image: 'i',
      imageID: '',
      ready: false,
      restartCount: 0,
      state: { waiting: { reason: 'ErrImagePull', message: 'no such image' } },
    },
  ];
  assert.equal(
    readAttempt(aPod({ phase: 'Pending', containerStatuses: waiting })).waiting,
    'ErrImagePull: no such image',
  );
});
