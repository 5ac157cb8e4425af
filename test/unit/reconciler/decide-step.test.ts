import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attemptEnd, type Attempt, type AttemptEnd } from '../../../src/flow/attempt.ts';
import { decideStep, type NextStep } from '../../../src/reconciler/decide-step.ts';
import type { Flow } from '../../../src/flow/flow.ts';
import type { Outcome } from '../../../src/flow/outcome.ts';
import { aFlow, anAttempt, at, epoch, pendingLimits } from '../../support/flow-values.ts';

const report = { sha256: 'a'.repeat(64), etag: 'e', files: 1, bytes: 1 };
const goodWorker = { exitCode: 0, reason: 'Completed' };
const goodEnd: AttemptEnd = {
  attempt: 'pod-uid',
  pod: 'flow-a-abcde',
  worker: goodWorker,
  sidecar: { exitCode: 0, reason: 'Completed', message: JSON.stringify({ manifest: report }) },
  at: at(40),
};
const notStarted = anAttempt({ worker: { state: 'waiting' }, sidecar: { state: 'waiting' } });
const started = { suspended: false, startedAt: at(10) };
const ended = { state: 'ended', exitCode: 0, reason: 'Completed', finishedAt: at(30) } as const;
const succeeded: Outcome = {
  phase: 'succeeded',
  at: at(50),
  results: { attempt: 'pod-uid', files: 1, bytes: 1, manifestSha256: 'a', manifestEtag: 'e' },
};
const failed: Outcome = { phase: 'failed', at: at(50), reason: 'worker-failed', message: 'm' };
const transferEnded = { phase: 'cancelled', at: at(50), reason: 'transfer-ended', message: 'm' } as const;
const delivery = { attempts: 1, startedAt: at(59), result: 'delivered', endedAt: at(60) } as const;

interface Row {
  name: string;
  flow: Partial<Flow>;
  attempts?: Attempt[];
  seconds?: number;
  expect: Partial<NextStep> & { kind: NextStep['kind'] };
}

const rows: Row[] = [
  { name: 'an accepted flow is prepared', flow: {}, expect: { kind: 'prepare' } },
  {
    name: 'a flow whose request can never be served fails without a run',
    flow: { plan: { ...aFlow().plan, refused: 'there is no template "x"' } },
    expect: {
      kind: 'set-outcome',
      outcome: {
        phase: 'failed',
        at: at(45),
        reason: 'request-refused',
        message: 'there is no template "x"',
      },
    },
  },
  {
    name: 'a flow deprovisioned before its start gets its outcome and is not started',
    flow: { deprovisionAskedAt: at(1) },
    expect: { kind: 'set-outcome' },
  },
  {
    name: 'a cancelled flow gets its outcome',
    flow: { ...started, cancel: { reason: 'cancelled-by-user', at: at(11) } },
    attempts: [anAttempt()],
    expect: { kind: 'set-outcome' },
  },
  {
    name: 'a flow whose transfer has ended is cancelled, with what the connector said',
    flow: { ...started, cancel: { reason: 'transfer-ended', at: at(11), message: 'm' } },
    attempts: [anAttempt()],
    expect: { kind: 'set-outcome', outcome: { ...transferEnded, at: at(45) } },
  },
  {
    name: 'a Job deleted by hand is cancelled',
    flow: { ...started, deletedAt: at(12) },
    attempts: [anAttempt()],
    expect: { kind: 'set-outcome' },
  },
  {
    name: 'a flow suspended after its start by a queue waits without a clock',
    flow: { startedAt: at(10), suspended: true },
    seconds: 100_000,
    expect: { kind: 'wait', until: undefined },
  },
  {
    name: 'a started flow without a pod waits for the first poll of events',
    flow: started,
    seconds: 12,
    expect: { kind: 'wait', until: epoch + 15_000 },
  },
  {
    name: 'a pod that never starts ends the flow at its pending deadline',
    flow: started,
    attempts: [notStarted],
    seconds: 110,
    expect: { kind: 'set-outcome' },
  },
  {
    name: 'a running worker is waited for until its run deadline',
    flow: started,
    attempts: [anAttempt()],
    seconds: 30,
    expect: { kind: 'wait', until: epoch + 1_020_000 },
  },
  {
    name: 'a worker that runs too long ends the flow',
    flow: started,
    attempts: [anAttempt()],
    seconds: 1020,
    expect: { kind: 'set-outcome' },
  },
  {
    name: 'keys are renewed at a third of their life while the worker runs',
    flow: { ...started, credentials: { mintedAt: at(10), expiration: at(910) } },
    attempts: [anAttempt()],
    seconds: 310,
    expect: { kind: 'renew-credentials' },
  },
  {
    name: 'keys are waited for until a third of their life',
    flow: { ...started, credentials: { mintedAt: at(10), expiration: at(910) } },
    attempts: [anAttempt()],
    seconds: 30,
    expect: { kind: 'wait', until: epoch + 310_000 },
  },
  {
    name: 'keys whose end cannot be read hide no deadline',
    flow: { ...started, credentials: { mintedAt: at(10), expiration: 'in an hour' } },
    attempts: [anAttempt()],
    seconds: 30,
    expect: { kind: 'wait', until: epoch + 1_020_000 },
  },
  {
    name: 'keys are not renewed once the worker has ended: a terminating pod never sees them',
    flow: {
      ...started,
      worker: { attempt: 'pod-uid', exitCode: 0, reason: 'Completed', at: at(31) },
      credentials: { mintedAt: at(10), expiration: at(13) },
    },
    attempts: [anAttempt({ worker: ended })],
    seconds: 32,
    expect: { kind: 'wait' },
  },
  {
    name: "a worker's end is saved as soon as it is observed",
    flow: started,
    attempts: [anAttempt({ worker: ended })],
    seconds: 31,
    expect: { kind: 'save-worker-end' },
  },
  {
    name: "a worker's end on a pod that is marked for deletion is not saved",
    flow: started,
    attempts: [anAttempt({ worker: ended, disrupted: 'Deleted', deletedAt: at(29) })],
    seconds: 31,
    expect: { kind: 'wait' },
  },
  {
    name: 'an upload that never ends ends the flow',
    flow: { ...started, worker: { attempt: 'pod-uid', exitCode: 0, reason: 'Completed', at: at(31) } },
    attempts: [anAttempt({ worker: ended })],
    seconds: 31 + 60 + 60,
    expect: { kind: 'set-outcome' },
  },
  {
    name: "an earlier attempt's saved end is not the start of this one's upload",
    flow: { ...started, worker: { attempt: 'another', exitCode: 0, reason: 'Completed', at: at(15) } },
    attempts: [
      anAttempt({
        worker: { ...ended, finishedAt: at(130) },
        disrupted: 'Deleted',
        deletedAt: at(190),
        grace: 60,
      }),
    ],
    seconds: 140,
    expect: { kind: 'wait', until: epoch + 220_000 },
  },
  {
    name: "a marked pod's node has its grace and a while to say that it ended",
    flow: started,
    attempts: [anAttempt({ disrupted: 'DeletionByTaintManager', deletedAt: at(100), grace: 60 })],
    seconds: 129,
    expect: { kind: 'wait', until: epoch + 130_000 },
  },
  {
    name: 'a grace that was shortened on the way is waited for as it was',
    flow: started,
    attempts: [anAttempt({ disrupted: 'Deleted', deletedAt: at(41), grace: 1 })],
    seconds: 80,
    expect: { kind: 'wait', until: epoch + 130_000 },
  },
  {
    name: "a terminal pod's end is saved",
    flow: started,
    attempts: [anAttempt({ terminal: true, phase: 'Succeeded', worker: ended })],
    expect: { kind: 'save-attempt-end' },
  },
  {
    name: 'a pod without results is released once its end is saved',
    flow: { ...started, attempt: { ...goodEnd, worker: { exitCode: 1, reason: 'Error' } } },
    attempts: [anAttempt({ terminal: true, worker: ended })],
    expect: { kind: 'release' },
  },
  {
    name: 'results are verified before their pod is let go',
    flow: { ...started, attempt: goodEnd },
    attempts: [anAttempt({ terminal: true, worker: ended })],
    expect: { kind: 'verify' },
  },
  {
    name: 'the callback leaves before the pod is let go',
    flow: { ...started, attempt: goodEnd, outcome: succeeded },
    attempts: [anAttempt({ terminal: true, worker: ended })],
    expect: { kind: 'deliver' },
  },
  {
    name: 'a pod is let go before its callback is tried once more',
    flow: { ...started, attempt: goodEnd, outcome: succeeded, delivery: { attempts: 1, startedAt: at(60) } },
    attempts: [anAttempt({ terminal: true, worker: ended })],
    expect: { kind: 'release' },
  },
  {
    name: 'a good end is verified against the store',
    flow: { ...started, attempt: goodEnd },
    expect: { kind: 'verify', attempt: 'pod-uid', report },
  },
  {
    name: 'a failed worker ends the flow without waiting for the Job',
    flow: { ...started, attempt: { ...goodEnd, worker: { exitCode: 1, reason: 'Error' } } },
    expect: { kind: 'set-outcome' },
  },
  {
    name: 'after a disruption the pending time starts again for the next pod',
    flow: { ...started, attempt: { ...goodEnd, disrupted: 'PreemptionByScheduler' } },
    seconds: 41,
    expect: { kind: 'wait', until: epoch + 45_000 },
  },
  {
    name: 'a disruption after which the Job has ended ends the flow once no other pod is found',
    flow: {
      ...started,
      attempt: { ...goodEnd, disrupted: 'x' },
      jobEnd: { type: 'Complete', reason: '', message: '' },
    },
    expect: { kind: 'confirm-pods-gone' },
  },
  {
    name: 'an upload that was interrupted is made again by the next pod',
    flow: {
      ...started,
      attempt: { attempt: 'pod-uid', pod: 'p', worker: goodWorker, interrupted: 'x', at: at(40) },
    },
    seconds: 41,
    expect: { kind: 'wait', until: epoch + 45_000 },
  },
  {
    name: 'the pods of an ended Job are read from the API server before they are called lost',
    flow: { ...started, jobEnd: { type: 'Failed', reason: 'DeadlineExceeded', message: '' } },
    expect: { kind: 'confirm-pods-gone' },
  },
  {
    name: 'a success is delivered, its pods left alone',
    flow: { ...started, attempt: goodEnd, outcome: succeeded },
    expect: { kind: 'deliver' },
  },
  {
    name: 'a success of a disrupted pod suspends a Job that could still make another one',
    flow: { ...started, attempt: { ...goodEnd, interrupted: 'TerminationByKubelet' }, outcome: succeeded },
    expect: { kind: 'stop', attempts: [] },
  },
  {
    name: 'a success of a disrupted pod whose Job has ended is delivered',
    flow: {
      ...started,
      attempt: { ...goodEnd, interrupted: 'TerminationByKubelet' },
      outcome: succeeded,
      jobEnd: { type: 'Complete', reason: '', message: '' },
    },
    expect: { kind: 'deliver' },
  },
  {
    name: 'a failure stops what still runs before it is delivered',
    flow: { ...started, outcome: failed },
    attempts: [anAttempt()],
    expect: { kind: 'stop' },
  },
  {
    name: 'a failure suspends a Job that could still make pods',
    flow: { ...started, outcome: failed },
    expect: { kind: 'stop', attempts: [] },
  },
  {
    name: 'a stopped failure is delivered while its pods are ending',
    flow: { suspended: true, startedAt: at(10), outcome: failed },
    attempts: [anAttempt({ deletedAt: at(51) })],
    expect: { kind: 'deliver' },
  },
  {
    name: 'ending pods are waited for with a bound',
    flow: { suspended: true, startedAt: at(10), outcome: failed, delivery },
    attempts: [anAttempt({ deletedAt: at(51) })],
    seconds: 61,
    expect: { kind: 'wait', until: epoch + 110_000 },
  },
  {
    name: 'a pod on a lost node is let go after its grace',
    flow: { suspended: true, startedAt: at(10), outcome: failed, delivery },
    attempts: [anAttempt({ deletedAt: at(51) })],
    seconds: 110,
    expect: { kind: 'release' },
  },
  {
    name: 'a delivered flow is recorded',
    flow: { ...started, outcome: succeeded, delivery },
    expect: { kind: 'record' },
  },
  {
    name: 'a deprovisioned flow loses its results, then is recorded',
    flow: { ...started, outcome: succeeded, delivery, deprovisionAskedAt: at(70) },
    expect: { kind: 'delete-results' },
  },
  {
    name: 'a flow whose transfer had ended loses what it had uploaded',
    flow: {
      suspended: true,
      startedAt: at(10),
      outcome: transferEnded,
      delivery: { attempts: 0, result: 'skipped' },
    },
    expect: { kind: 'delete-results' },
  },
  {
    name: 'results whose transfer had ended before its connector took them are deleted',
    flow: { ...started, outcome: succeeded, delivery: { attempts: 1, result: 'obsolete', ended: true } },
    expect: { kind: 'delete-results' },
  },
  {
    name: 'results that the connector had taken already are kept',
    flow: {
      ...started,
      outcome: succeeded,
      delivery: { attempts: 1, result: 'obsolete', detail: 'STARTED' },
    },
    expect: { kind: 'record' },
  },
  {
    name: 'a deprovisioned flow without results is recorded again',
    flow: { ...started, outcome: succeeded, delivery, deprovisionAskedAt: at(70), resultsDeletedAt: at(71) },
    expect: { kind: 'record' },
  },
  {
    name: 'a tombstone needs nothing',
    flow: { ...started, outcome: succeeded, delivery, state: 'closed' },
    expect: { kind: 'wait', until: undefined },
  },
];

/** Two steps are due: the order of the decisions says which one comes first. */
const priorities: Row[] = [
  {
    name: 'the end of a Job counts although the Job is suspended',
    flow: { startedAt: at(10), jobEnd: { type: 'Failed', reason: 'DeadlineExceeded', message: '' } },
    expect: { kind: 'confirm-pods-gone' },
  },
  {
    name: 'a suspended Job is waited for, and what blocks its pod is not saved',
    flow: { startedAt: at(10) },
    attempts: [{ ...notStarted, blocked: { cause: 'imagePull', message: 'm' } }],
    expect: { kind: 'wait', until: undefined },
  },
  {
    name: 'a worker that runs too long gets no new keys',
    flow: { ...started, credentials: { mintedAt: at(10), expiration: at(910) } },
    attempts: [anAttempt()],
    seconds: 1020,
    expect: { kind: 'set-outcome' },
  },
  {
    name: 'a running pod is stopped before ended ones are released',
    flow: { startedAt: at(10), outcome: failed, delivery: { ...delivery, result: 'failed' } },
    attempts: [anAttempt({ id: 'ended', terminal: true, worker: ended }), anAttempt()],
    expect: { kind: 'stop' },
  },
  {
    name: 'pods that have ended are released with those that are still ending, once the outcome is delivered',
    flow: { startedAt: at(10), outcome: failed, delivery },
    attempts: [anAttempt({ id: 'ended', terminal: true, worker: ended }), anAttempt({ deletedAt: at(51) })],
    seconds: 61,
    expect: { kind: 'wait', until: epoch + 110_000 },
  },
  {
    name: 'pods are released before the results are deleted',
    flow: { ...started, outcome: succeeded, delivery, deprovisionAskedAt: at(70) },
    attempts: [anAttempt({ terminal: true, worker: ended })],
    seconds: 71,
    expect: { kind: 'release' },
  },
];

for (const { name, flow, attempts = [], seconds = 45, expect } of [...rows, ...priorities]) {
  test(name, () => {
    const step = decideStep({ flow: aFlow(flow), attempts, pendingLimits, now: epoch + seconds * 1000 });
    assert.partialDeepStrictEqual(step, expect);
  });
}

const reasons: {
  name: string;
  flow: Partial<Flow>;
  attempts: Attempt[];
  seconds: number;
  reason: string;
  says: RegExp;
}[] = [
  {
    name: 'pending',
    flow: started,
    attempts: [notStarted],
    seconds: 110,
    reason: 'pending-deadline-exceeded',
    says: /100 s/,
  },
  {
    name: 'running',
    flow: started,
    attempts: [anAttempt()],
    seconds: 1020,
    reason: 'run-deadline-exceeded',
    says: /1000 s/,
  },
  {
    name: 'uploading',
    flow: { ...started, worker: { attempt: 'pod-uid', exitCode: 0, reason: 'Completed', at: at(31) } },
    attempts: [anAttempt({ worker: ended })],
    seconds: 200,
    reason: 'upload-deadline-exceeded',
    says: /60 s/,
  },
  {
    name: 'its node is silent',
    flow: started,
    attempts: [anAttempt({ disrupted: 'DeletionByTaintManager', deletedAt: at(100), grace: 60 })],
    seconds: 130,
    reason: 'node-lost',
    says: /DeletionByTaintManager/,
  },
];

for (const { name, flow, attempts, seconds, reason, says } of reasons) {
  test(`a deadline missed while ${name} has its own reason`, () => {
    const step = decideStep({ flow: aFlow(flow), attempts, pendingLimits, now: epoch + seconds * 1000 });
    const outcome = step.kind === 'set-outcome' ? step.outcome : undefined;
    assert.equal(outcome?.phase === 'failed' && outcome.reason, reason);
    assert.match(outcome?.phase === 'failed' ? outcome.message : '', says);
  });
}

const jobEnds: { name: string; attempt: Partial<AttemptEnd>; jobReason: string; reason: string }[] = [
  {
    name: 'a disruption that no attempt follows',
    attempt: { disrupted: 'Deleted' },
    jobReason: 'PodFailurePolicy',
    reason: 'attempt-disrupted',
  },
  {
    name: 'an interrupted upload that no attempt follows',
    attempt: { interrupted: 'Deleted' },
    jobReason: '',
    reason: 'upload-failed',
  },
  {
    name: "the Job's own deadline",
    attempt: { disrupted: 'Deleted' },
    jobReason: 'DeadlineExceeded',
    reason: 'job-deadline-exceeded',
  },
];

for (const { name, attempt, jobReason, reason } of jobEnds) {
  test(`${name} is ${reason}`, () => {
    const jobEnd = { type: 'Failed', reason: jobReason, message: '' } as const;
    const end = { attempt: 'pod-uid', pod: 'p', worker: goodWorker, at: at(40), ...attempt };
    const flow = aFlow({ ...started, attempt: end, jobEnd });
    const step = decideStep({ flow, attempts: [], pendingLimits, now: epoch + 45_000 });
    const outcome = step.kind === 'confirm-pods-gone' ? step.outcome : undefined;
    assert.equal(outcome?.phase === 'failed' && outcome.reason, reason);
  });
}

/** Pod A was evicted and its replacement B succeeded. Names are random: each case runs with both orders of them. */
const twoPods: {
  name: string;
  /** What the cache shows, one list after another: what was released is taken out of it. */
  seen: ('A' | 'B')[][];
  sameSecond?: boolean;
}[] = [
  { name: 'seen at once', seen: [['A', 'B']] },
  { name: 'seen at once, the newer one first', seen: [['B', 'A']] },
  { name: 'A saved, then B', seen: [['A'], ['B']] },
  { name: 'B saved, and A seen late', seen: [['B'], ['A']] },
  { name: 'A seen again after both', seen: [['A', 'B'], ['A']] },
  { name: 'created in the same second', seen: [['A', 'B']], sameSecond: true },
  { name: 'created in the same second, A seen late', seen: [['B'], ['A']], sameSecond: true },
];

for (const { name, seen, sameSecond = false } of twoPods) {
  for (const names of [
    ['flow-a-aaaaa', 'flow-a-zzzzz'],
    ['flow-a-zzzzz', 'flow-a-aaaaa'],
  ] as const) {
    test(`the newer of two ended pods decides: ${name}, named ${names.join(' and ')}`, () => {
      const pods = {
        A: anAttempt({
          id: 'A',
          pod: names[0],
          createdAt: at(15),
          terminal: true,
          worker: { ...ended, exitCode: 143, reason: 'Error' },
          disrupted: 'EvictionByEvictionAPI',
        }),
        B: anAttempt({
          id: 'B',
          pod: names[1],
          createdAt: at(sameSecond ? 15 : 31),
          terminal: true,
          worker: ended,
          sidecar: { ...ended, message: JSON.stringify({ manifest: report }) },
        }),
      };
      const jobEnd = { type: 'Complete', reason: '', message: '' } as const;
      const flow = aFlow({ ...started, ...(seen.length === 1 ? { jobEnd } : {}) });
      let step: NextStep | undefined;
      for (const list of seen)
        step = settleAttempts(
          flow,
          list.map((key) => pods[key]),
        );
      assert.partialDeepStrictEqual(step, { kind: 'verify', attempt: 'B' });
    });
  }
}

/** Pod A brought its upload to its end although it was disrupted, and its replacement B came to nothing. */
const resultsFirst: {
  name: string;
  seen: ('A' | 'B')[][];
  /** Nobody knows B's worker to have failed: its end decides nothing. */
  B?: Partial<Attempt>;
  sameSecond?: boolean;
}[] = [
  { name: 'A saved, then B while the store is down', seen: [['A'], ['A', 'B'], ['B']] },
  { name: 'seen at once', seen: [['A', 'B']] },
  { name: 'seen at once, the newer one first', seen: [['B', 'A']] },
  { name: 'created in the same second', seen: [['A'], ['B', 'A']], sameSecond: true },
  { name: 'B disrupted and saved, and A seen late', seen: [['B'], ['A']], B: { disrupted: 'Deleted' } },
  {
    name: 'B disrupted and saved, A seen late, then both',
    seen: [['B'], ['A'], ['A', 'B']],
    B: { disrupted: 'Deleted' },
  },
];

for (const { name, seen, B = {}, sameSecond = false } of resultsFirst) {
  for (const names of [
    ['flow-a-aaaaa', 'flow-a-zzzzz'],
    ['flow-a-zzzzz', 'flow-a-aaaaa'],
  ] as const) {
    test(`results that are there decide: ${name}, named ${names.join(' and ')}`, () => {
      const pods = {
        A: anAttempt({
          id: 'A',
          pod: names[0],
          createdAt: at(15),
          terminal: true,
          worker: ended,
          sidecar: { ...ended, message: JSON.stringify({ manifest: report }) },
          disrupted: 'TerminationByKubelet',
        }),
        B: anAttempt({
          id: 'B',
          pod: names[1],
          createdAt: at(sameSecond ? 15 : 31),
          terminal: true,
          worker: { ...ended, exitCode: 1, reason: 'Error' },
          ...B,
        }),
      };
      const flow = aFlow({ ...started, worker: { attempt: 'A', ...goodWorker, at: at(30) } });
      let step: NextStep | undefined;
      for (const list of seen)
        step = settleAttempts(
          flow,
          list.map((key) => pods[key]),
        );
      assert.partialDeepStrictEqual(step, { kind: 'verify', attempt: 'A' });
    });
  }
}

test('no later pod counts once an end with results is saved, not even with results of its own', () => {
  const flow = aFlow({ ...started, attempt: { ...goodEnd, createdAt: at(15), interrupted: 'x' } });
  const running = anAttempt({ id: 'B', pod: 'z', createdAt: at(41) });
  const workerEnded = { ...running, worker: ended };
  const sidecar = { ...ended, message: JSON.stringify({ manifest: report }) };
  for (const attempt of [running, workerEnded, { ...workerEnded, sidecar, terminal: true }]) {
    const step = decideStep({ flow, attempts: [attempt], pendingLimits, now: epoch + 45_000 });
    assert.partialDeepStrictEqual(step, { kind: 'verify', attempt: 'pod-uid' });
  }
});

/** Each with the pod of the results and another one in both orders of names and of times. */
for (const [name, own, other] of [
  ['older, named before', { pod: 'a', createdAt: at(15) }, { pod: 'b', createdAt: at(41) }],
  ['older, named after', { pod: 'b', createdAt: at(15) }, { pod: 'a', createdAt: at(41) }],
  ['newer, named before', { pod: 'a', createdAt: at(41) }, { pod: 'b', createdAt: at(15) }],
  ['newer, named after', { pod: 'b', createdAt: at(41) }, { pod: 'a', createdAt: at(15) }],
] as const) {
  test(`a success stops another pod before it is delivered: its own is ${name}`, () => {
    const its = anAttempt({ ...own, terminal: true, worker: ended });
    const another = anAttempt({ ...other, id: 'another' });
    const attempt = { ...goodEnd, ...own };
    const flow = aFlow({ ...started, attempt, outcome: succeeded });
    for (const attempts of [
      [its, another],
      [another, its],
    ]) {
      const step = decideStep({ flow, attempts, pendingLimits, now: epoch + 51_000 });
      assert.partialDeepStrictEqual(step, { kind: 'stop', attempts: [another] });
    }
    const marked = { ...another, deletedAt: at(81) };
    const stopped = { flow: { ...flow, suspended: true }, attempts: [its, marked] };
    assert.equal(decideStep({ ...stopped, pendingLimits, now: epoch + 52_000 }).kind, 'deliver');
  });
}

/** Takes the steps that save and release attempts, as the reconciler would; returns the first one of another kind. */
function settleAttempts(flow: Flow, attempts: Attempt[]): NextStep {
  const left = new Set(attempts);
  for (let steps = 0; steps < 10; steps += 1) {
    const step = decideStep({ flow, attempts: [...left], pendingLimits, now: epoch + 45_000 });
    if (step.kind === 'save-attempt-end') flow.attempt = attemptEnd(step.attempt, flow.worker, at(45));
    else if (step.kind === 'save-worker-end') flow.worker = step.worker;
    else if (step.kind === 'release') for (const attempt of step.attempts) left.delete(attempt);
    else return step;
  }
  throw new Error('the steps do not end');
}

test("two pods whose workers have ended do not replace each other's saved end in turns", () => {
  const older = anAttempt({ id: 'A', pod: 'z', createdAt: at(15), worker: ended });
  const newer = anAttempt({ id: 'B', pod: 'a', createdAt: at(16), worker: ended });
  const flow = aFlow({ ...started, worker: { attempt: 'B', exitCode: 0, reason: 'Completed', at: at(31) } });
  const step = decideStep({ flow, attempts: [newer, older], pendingLimits, now: epoch + 32_000 });
  assert.equal(step.kind, 'wait');
});

test('an end that was saved without its creation time is replaced by a later one', () => {
  const flow = aFlow({ ...started, attempt: { ...goodEnd, attempt: 'A', disrupted: 'Deleted' } });
  const attempts = [anAttempt({ id: 'B', terminal: true, worker: ended })];
  const step = decideStep({ flow, attempts, pendingLimits, now: epoch + 45_000 });
  assert.equal(step.kind, 'save-attempt-end');
});
