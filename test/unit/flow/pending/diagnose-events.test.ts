import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnoseEvents, readFinding, type Finding } from '../../../../src/flow/pending/diagnose-events.ts';
import type { PendingCause } from '../../../../src/flow/pending/pending-cause.ts';
import { readPendingFixture } from '../../../support/pending-fixture.ts';

function findingsOf(fixture: string): Finding[] {
  const { job, pod, events } = readPendingFixture(fixture);
  const about = (pod ?? job).metadata?.uid;
  return events.flatMap((event) => readFinding(event) ?? []).filter((finding) => finding.about === about);
}

const rows: { fixture: string; cause: PendingCause; says: string }[] = [
  {
    fixture: 'quota-exceeded',
    cause: 'quota',
    says: 'The namespace’s quota has no room for the pod: exceeded quota: pods, requested: pods=1, used: pods=0, limited: pods=0',
  },
  {
    fixture: 'pod-security-refused',
    cause: 'admission',
    says: 'The cluster refuses the pod: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false',
  },
  {
    fixture: 'limit-range-refused',
    cause: 'admission',
    says: 'The cluster refuses the pod: maximum memory usage per Container is 1Mi, but limit is 64Mi',
  },
  {
    fixture: 'priority-class-missing',
    cause: 'admission',
    says: 'The cluster refuses the pod: no PriorityClass with name missing was found',
  },
  {
    fixture: 'runtime-class-missing',
    cause: 'admission',
    says: 'The cluster refuses the pod: pod rejected: RuntimeClass "missing" not found',
  },
  {
    fixture: 'secret-volume-missing',
    cause: 'configuration',
    says: 'The pod lacks its configuration: MountVolume.SetUp failed for volume "v" : secret "missing" not found',
  },
  {
    fixture: 'sandbox-not-created',
    cause: 'other',
    says: 'The pod does not start: Failed to create pod sandbox: ',
  },
];

for (const { fixture, cause, says } of rows) {
  test(`real events of ${fixture} are diagnosed as ${cause}, with the time of the first`, () => {
    const blocker = diagnoseEvents(findingsOf(fixture), 0);
    assert.equal(blocker?.cause, cause);
    assert.equal(blocker.message.slice(0, says.length), says);
    const first = Math.min(...findingsOf(fixture).map((finding) => finding.first));
    assert.equal(Date.parse(blocker.since), first);
  });
}

test('events of a pod that starts in the end say nothing', () => {
  assert.equal(diagnoseEvents(findingsOf('unschedulable'), 0), undefined);
});

function aRefusal(message: string, first: number, last = first): Finding {
  return { about: 'u', reason: 'FailedCreate', message, first: first * 1000, last: last * 1000 };
}

const quota = 'Error creating: pods "a-1" is forbidden: exceeded quota: q, requested: pods=1';
const webhook = 'admission webhook "w.example.org" denied the request: no';

test('the newest cause counts, since the first time that it was seen', () => {
  const findings = [aRefusal(quota, 1), aRefusal(webhook, 10), aRefusal(webhook, 20), aRefusal(quota, 5)];
  const blocker = diagnoseEvents(findings, 0);
  assert.equal(blocker?.cause, 'admission');
  assert.equal(blocker.since, '1970-01-01T00:00:10.000Z');
});

test('what was last seen before the attempt is forgotten, what goes on counts from its start', () => {
  assert.equal(diagnoseEvents([aRefusal(quota, 1, 9)], 10_000), undefined);
  assert.equal(diagnoseEvents([aRefusal(quota, 1, 12)], 10_000)?.since, '1970-01-01T00:00:10.000Z');
});

test('a webhook that does not answer is no refusal', () => {
  const message = 'Error creating: Internal error occurred: failed calling webhook "w": connection refused';
  assert.equal(diagnoseEvents([aRefusal(message, 1)], 0)?.cause, 'other');
});

test('a refusal that the event series sums up is the same refusal', () => {
  const blocker = diagnoseEvents([aRefusal(`(combined from similar events): ${quota}`, 1)], 0);
  assert.match(blocker?.message ?? '', /for the pod: exceeded quota: q, requested/);
});
