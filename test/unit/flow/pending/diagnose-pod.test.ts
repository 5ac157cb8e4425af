import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAttempt } from '../../../../src/flow/attempt.ts';
import { diagnosePod, unpreparedSince } from '../../../../src/flow/pending/diagnose-pod.ts';
import type { PendingCause } from '../../../../src/flow/pending/pending-cause.ts';
import type { Pod } from '../../../../src/kubernetes/types.ts';
import { readPendingFixture } from '../../../support/pending-fixture.ts';

function podOf(fixture: string): Pod {
  const { pod } = readPendingFixture(fixture);
  assert.ok(pod !== undefined, `${fixture} has a pod`);
  return pod;
}

const rows: { fixture: string; cause: PendingCause; says: RegExp }[] = [
  {
    fixture: 'worker-image-not-pulled',
    cause: 'imagePull',
    says: /registry\.invalid\/no\/such:1 of the container worker cannot be pulled: (ErrImagePull|ImagePullBackOff): .*connection refused/,
  },
  { fixture: 'sidecar-image-not-pulled', cause: 'imagePull', says: /of the container uploader/ },
  { fixture: 'image-never-pulled', cause: 'imagePull', says: /ErrImageNeverPull: .*pull policy of Never/ },
  {
    fixture: 'worker-image-name-invalid',
    cause: 'imageName',
    says: /"Not A Valid:Image:name" of the container worker is not the name/,
  },
  { fixture: 'sidecar-image-name-invalid', cause: 'imageName', says: /"UPPER\/case:1"/ },
  { fixture: 'unschedulable', cause: 'unschedulable', says: /1 Insufficient cpu/ },
  { fixture: 'scheduling-gated', cause: 'other', says: /scheduling gate/ },
  {
    fixture: 'secret-missing',
    cause: 'configuration',
    says: /container worker .*secret "missing" not found/,
  },
  {
    fixture: 'secret-key-missing',
    cause: 'configuration',
    says: /couldn't find key missing in Secret obs\/present/,
  },
  { fixture: 'config-map-missing', cause: 'configuration', says: /configmap "missing" not found/ },
  { fixture: 'sidecar-secret-missing', cause: 'configuration', says: /container uploader/ },
  { fixture: 'claim-missing', cause: 'volume', says: /persistentvolumeclaim "missing" not found/ },
  { fixture: 'claim-unbound', cause: 'volume', says: /unbound immediate PersistentVolumeClaims/ },
];

for (const { fixture, cause, says } of rows) {
  test(`a real pod that does not start, ${fixture}, is diagnosed as ${cause}`, () => {
    const blocker = diagnosePod(podOf(fixture));
    assert.equal(blocker?.cause, cause);
    assert.match(blocker.message, says);
  });
}

test('a scheduler tells since when; a kubelet does not', () => {
  assert.equal(diagnosePod(podOf('unschedulable'))?.since, '2026-11-21T07:19:41Z');
  assert.equal(diagnosePod(podOf('secret-missing'))?.since, undefined);
});

for (const fixture of ['secret-volume-missing', 'sandbox-not-created']) {
  test(`a pod whose wait only events explain, ${fixture}, says since when it has its node`, () => {
    const pod = podOf(fixture);
    assert.equal(diagnosePod(pod), undefined);
    assert.match(unpreparedSince(pod) ?? '', /^2026-11-21T07:19:4\dZ$/);
  });
}

for (const { fixture } of rows) {
  test(`events are not needed for ${fixture}`, () => {
    assert.equal(unpreparedSince(podOf(fixture)), undefined);
  });
}

test('a container that starts is no cause', () => {
  const waiting = { reason: 'PodInitializing' };
  const status = {
    name: 'worker',
    image: 'i',
    imageID: '',
    ready: false,
    restartCount: 0,
    state: { waiting },
  };
  const { blocked } = readAttempt({ status: { phase: 'Pending', containerStatuses: [status] } });
  assert.equal(blocked, undefined);
});

test('a sidecar that crashes before the worker starts is described by the words of the kubelet', () => {
  const waiting = { reason: 'CrashLoopBackOff', message: 'back-off 10s restarting failed container' };
  const status = {
    name: 'uploader',
    image: 'i',
    imageID: '',
    ready: false,
    restartCount: 1,
    state: { waiting },
  };
  const blocker = diagnosePod({ status: { phase: 'Pending', initContainerStatuses: [status] } });
  assert.deepEqual(blocker, {
    cause: 'other',
    message:
      'The container uploader does not start: CrashLoopBackOff: back-off 10s restarting failed container',
  });
});
