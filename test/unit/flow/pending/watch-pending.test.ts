import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attempt } from '../../../../src/flow/attempt.ts';
import { decideStep } from '../../../../src/reconciler/decide-step.ts';
import { describePhase } from '../../../../src/flow/describe-flow.ts';
import type { Flow } from '../../../../src/flow/flow.ts';
import type { PendingCause, SavedDiagnosis } from '../../../../src/flow/pending/pending-cause.ts';
import { aFlow, anAttempt, at, epoch, pendingLimits } from '../../../support/flow-values.ts';

const started = { suspended: false, startedAt: at(10) };

function blocked(cause: PendingCause, since?: string): Attempt {
  return anAttempt({
    worker: { state: 'waiting' },
    blocked: { cause, message: 'it is in the way', ...(since === undefined ? {} : { since }) },
  });
}

function savedOf(cause: PendingCause, since: number, attempt?: string): SavedDiagnosis {
  return {
    cause,
    message: 'it is in the way',
    since: at(since),
    ...(attempt === undefined ? {} : { attempt }),
  };
}

function decide(flow: Partial<Flow>, attempts: Attempt[], seconds: number) {
  return decideStep({
    flow: aFlow({ ...started, ...flow }),
    attempts,
    pendingLimits,
    now: epoch + seconds * 1000,
  });
}

function reasonOf(step: ReturnType<typeof decide>): string | undefined {
  return step.kind === 'set-outcome' && step.outcome.phase === 'failed' ? step.outcome.reason : undefined;
}

const podCauses: { cause: PendingCause; reason: string; timeout: number }[] = [
  { cause: 'imagePull', reason: 'image-not-pulled', timeout: 11 },
  { cause: 'unschedulable', reason: 'unschedulable', timeout: 12 },
  { cause: 'configuration', reason: 'configuration-missing', timeout: 15 },
  { cause: 'volume', reason: 'volume-not-mounted', timeout: 16 },
];

for (const { cause, reason, timeout } of podCauses) {
  test(`a pod blocked by ${cause} fails after the timeout of that cause, counted from its first observation`, () => {
    const flow = { pending: savedOf(cause, 20, 'pod-uid') };
    assert.partialDeepStrictEqual(decide(flow, [blocked(cause)], 20 + timeout - 1), {
      kind: 'wait',
      until: epoch + (20 + timeout) * 1000,
    });
    assert.equal(reasonOf(decide(flow, [blocked(cause)], 20 + timeout)), reason);
  });
}

const jobCauses: { cause: PendingCause; reason: string; timeout: number }[] = [
  { cause: 'quota', reason: 'quota-exceeded', timeout: 13 },
  { cause: 'admission', reason: 'admission-refused', timeout: 14 },
];

for (const { cause, reason, timeout } of jobCauses) {
  test(`a Job without a pod because of ${cause} fails after the timeout of that cause`, () => {
    const flow = { pending: savedOf(cause, 10) };
    assert.equal(decide(flow, [], 10 + timeout - 1).kind, 'poll-events');
    assert.equal(reasonOf(decide(flow, [], 10 + timeout)), reason);
  });
}

test('an invalid image name ends the flow at once, and is not saved first', () => {
  assert.equal(reasonOf(decide({}, [blocked('imageName')], 20)), 'image-name-invalid');
});

test('a diagnosis without a time of its own is saved when it is first observed, and once', () => {
  const step = decide({}, [blocked('imagePull')], 20);
  assert.partialDeepStrictEqual(step, {
    kind: 'save-pending',
    diagnosis: savedOf('imagePull', 20, 'pod-uid'),
  });
  assert.equal(
    decide({ pending: savedOf('imagePull', 20, 'pod-uid') }, [blocked('imagePull')], 21).kind,
    'wait',
  );
});

test('the timeout starts again for another cause, or another pod', () => {
  assert.equal(
    decide({ pending: savedOf('imagePull', 1, 'pod-uid') }, [blocked('configuration')], 30).kind,
    'save-pending',
  );
  assert.equal(
    decide({ pending: savedOf('imagePull', 1, 'gone') }, [blocked('imagePull')], 30).kind,
    'save-pending',
  );
});

test("the scheduler's own time counts, so that nothing is saved", () => {
  assert.partialDeepStrictEqual(decide({}, [blocked('unschedulable', at(11))], 20), {
    kind: 'wait',
    until: epoch + 23_000,
  });
});

test('no timeout is longer than the template allows, and the reason is still that of the cause', () => {
  const since = at(109);
  assert.partialDeepStrictEqual(decide({}, [blocked('unschedulable', since)], 109), {
    kind: 'wait',
    until: epoch + 110_000,
  });
  assert.equal(reasonOf(decide({}, [blocked('unschedulable', since)], 110)), 'unschedulable');
});

test('a cause without a limit of its own has the pending limit', () => {
  const flow = { pending: savedOf('other', 20, 'pod-uid') };
  assert.partialDeepStrictEqual(decide(flow, [blocked('other')], 50), {
    kind: 'wait',
    until: epoch + 110_000,
  });
  assert.equal(reasonOf(decide(flow, [blocked('other')], 110)), 'pending-deadline-exceeded');
});

test('the message says what blocks the worker, how long that was waited for and what to do', () => {
  const step = decide({ pending: savedOf('imagePull', 20, 'pod-uid') }, [blocked('imagePull')], 31);
  assert.deepEqual(
    step.kind === 'set-outcome' && 'message' in step.outcome && step.outcome.message,
    [
      'The worker did not start (waited 11 s): it is in the way.',
      'Check the name and tag of the image, the pull secrets, and that the nodes can reach its registry.',
    ].join(' '),
  );
});

test('a diagnosis from events is out of date when containers start', () => {
  const pending = savedOf('volume', 12, 'pod-uid');
  const stuck = anAttempt({ worker: { state: 'waiting' }, unpreparedSince: at(11) });
  assert.equal(reasonOf(decide({ pending }, [stuck], 40)), 'volume-not-mounted');
  const begun = anAttempt({ worker: { state: 'waiting' } });
  assert.equal(decide({ pending }, [begun], 40).kind, 'wait');
});

test('a refusal is out of date when there is a pod, and when the Job was started again', () => {
  const pending = savedOf('quota', 10);
  assert.equal(decide({ pending }, [anAttempt()], 40).kind, 'wait');
  assert.equal(decide({ pending, resumedAt: at(30) }, [], 34).kind, 'wait');
});

test('a flow that a queue suspended has its whole pending time after it was resumed', () => {
  const flow = { startedAt: at(10), resumedAt: at(5000) };
  assert.partialDeepStrictEqual(decide(flow, [], 5001), { kind: 'wait', until: epoch + 5_005_000 });
  assert.equal(reasonOf(decide(flow, [], 5100)), 'pending-deadline-exceeded');
});

test('no deadline runs until the Job controller follows the queue that resumed a Job', () => {
  const before = { startedAt: at(10), resumedAt: at(10) };
  assert.partialDeepStrictEqual(decide({ ...before, suspendedSince: at(20) }, [], 5000), {
    kind: 'wait',
    until: undefined,
  });
  // Held from its creation until we let it go: the clock of the first start is our own.
  assert.equal(reasonOf(decide({ ...before, suspendedSince: at(0) }, [], 5000)), 'pending-deadline-exceeded');
});

test('events are polled when a Job has had no pod, or a pod no container, for five seconds', () => {
  assert.equal(decide({}, [], 14).kind, 'wait');
  assert.partialDeepStrictEqual(decide({}, [], 15), { kind: 'poll-events', until: epoch + 110_000 });
  const stuck = anAttempt({ worker: { state: 'waiting' }, unpreparedSince: at(20) });
  assert.partialDeepStrictEqual(decide({}, [stuck], 24), { kind: 'wait', until: epoch + 25_000 });
  assert.equal(decide({}, [stuck], 25).kind, 'poll-events');
});

test('events are not polled for a pod whose own status explains its wait', () => {
  assert.equal(decide({}, [blocked('unschedulable', at(29))], 40).kind, 'wait');
});

const views: { name: string; flow: Partial<Flow>; attempts: Attempt[]; detail: RegExp }[] = [
  { name: 'what its pod says', flow: {}, attempts: [blocked('imagePull')], detail: /^it is in the way$/ },
  {
    name: 'what events said',
    flow: { pending: savedOf('quota', 10) },
    attempts: [],
    detail: /^it is in the way$/,
  },
  { name: 'the queue', flow: { suspended: true }, attempts: [], detail: /suspended/ },
];

for (const { name, flow, attempts, detail } of views) {
  test(`the detail of a pending flow is ${name}`, () => {
    const view = describePhase(aFlow({ ...started, ...flow }), attempts);
    assert.equal(view.phase, 'pending');
    assert.match(view.detail ?? '', detail);
  });
}

test('a long message of Kubernetes keeps its start and its end, and leaves room for the advice', () => {
  const message = `The image x cannot be pulled: ErrImagePull: ${'failed to resolve '.repeat(60)}: connection refused`;
  const attempt = { ...blocked('imagePull'), blocked: { cause: 'imagePull', message } as const };
  const step = decide({ pending: savedOf('imagePull', 20, 'pod-uid') }, [attempt], 31);
  const said = step.kind === 'set-outcome' && 'message' in step.outcome ? step.outcome.message : '';
  assert.match(said, /The image x cannot .* … .*connection refused\. Check the name and tag/);
  assert.ok(`image-not-pulled: ${said}`.length <= 500, said);
});
