import type { WorkerEnd } from './annotations.ts';
import { attemptEnd, compareAge, type Attempt } from './attempt.ts';
import { isFinal, nobodyFetches, wasTried } from './delivery.ts';
import { nextDeadline, type Deadline } from './pending/deadlines.ts';
import { reasonOfEnd, type Flow } from './flow.ts';
import { judgeAttempt, type AttemptVerdict } from './judge-attempt.ts';
import type { AttemptEnd, Outcome } from './outcome.ts';
import type { SavedDiagnosis, PendingLimits } from './pending/pending-cause.ts';
import { diagnosisToSave, isSuspendedByQueue, nextEventPoll } from './pending/watch-pending.ts';

/** The one next thing that a flow needs. Each may be taken any number of times. */
export type Step =
  | { kind: 'wait'; until: number | undefined }
  | { kind: 'prepare' }
  | { kind: 'renew-credentials' }
  | { kind: 'save-pending'; diagnosis: SavedDiagnosis }
  /** Only events explain this state. `until`: the next deadline. */
  | { kind: 'poll-events'; until: number }
  | { kind: 'save-worker-end'; worker: WorkerEnd }
  | { kind: 'save-attempt-end'; attempt: Attempt }
  | { kind: 'release'; attempts: Attempt[] }
  /** Sets `outcome` unless the API server knows a pod that the cache does not: its watch may be behind that of the Jobs. */
  | { kind: 'confirm-pods-gone'; outcome: Outcome }
  | { kind: 'verify'; attempt: string; report: Extract<AttemptVerdict, { verdict: 'verify' }>['report'] }
  | { kind: 'set-outcome'; outcome: Outcome }
  | { kind: 'stop'; attempts: Attempt[] }
  | { kind: 'deliver' }
  | { kind: 'delete-results' }
  | { kind: 'record' };

/** The state machine, pure: a restart, a repeat and a second replica all come to the same step. */
export function decideStep(unordered: ObservedFlow): Step {
  const observed = { ...unordered, attempts: unordered.attempts.toSorted(compareAge) };
  if (observed.flow.state === 'closed') return { kind: 'wait', until: undefined };
  return observed.flow.outcome === undefined
    ? towardsOutcome(observed)
    : afterOutcome(observed, observed.flow.outcome);
}

function towardsOutcome(observed: ObservedFlow): Step {
  const { flow } = observed;
  const cancelled = cancellation(observed);
  if (cancelled !== undefined) return { kind: 'set-outcome', outcome: cancelled };
  if (flow.startedAt === undefined) return { kind: 'prepare' };
  return saveEvidence(observed) ?? judge(observed) ?? watchOver(observed);
}

function cancellation({ flow, now }: ObservedFlow): Outcome | undefined {
  const at = new Date(now).toISOString();
  if (flow.deletedAt !== undefined)
    return { phase: 'cancelled', at, reason: 'job-deleted', message: 'The Job was deleted.' };
  if (flow.deprovisionAskedAt !== undefined) {
    return {
      phase: 'cancelled',
      at,
      reason: 'deprovisioned',
      message: 'The connector deprovisioned the transfer before its data was ready.',
    };
  }
  if (flow.cancel === undefined) return undefined;
  const { reason, message = 'The flow was cancelled.' } = flow.cancel;
  return { phase: 'cancelled', at, reason, message };
}

/**
 * Pods vanish: what they said is written on the Job first, and only then are they let go. Only one attempt's results are handed out:
 * an end with results counts before one without, whichever comes first, and of two ends without results that of the newer attempt.
 * Once an end with results is noted, no other attempt counts any more, also if the store then says that the results are not there:
 * a replacement exists only if the pod was disrupted after its work was done, and the outcome must not depend on that accident.
 */
function saveEvidence({ flow, attempts, now }: ObservedFlow): Step | undefined {
  // Nothing that its pods say can decide any more: they are let go when the callback has left, which does not wait for that.
  if (flow.attempt !== undefined && hasResults(flow.attempt)) return undefined;
  for (const [index, attempt] of attempts.entries()) {
    if (attempt.terminal) {
      return isSuperseded(flow, attempt, now)
        ? { kind: 'release', attempts: [attempt] }
        : { kind: 'save-attempt-end', attempt };
    }
    if (isOlder(attempt, flow.attempt)) continue;
    if (hasUnsavedWorkerEnd(flow, attempt) && !attempts.slice(index + 1).some(hasEndedWorker))
      return { kind: 'save-worker-end', worker: workerEnd(attempt, now) };
  }
  return undefined;
}

function hasResults(end: AttemptEnd): boolean {
  return judgeAttempt(end).verdict === 'verify';
}

/** Its end is noted already, or it has no results and the end of a newer one is noted. */
function isSuperseded({ attempt: noted, worker }: Flow, attempt: Attempt, now: number): boolean {
  if (noted?.attempt === attempt.id) return true;
  return isOlder(attempt, noted) && !hasResults(attemptEnd(attempt, worker, new Date(now).toISOString()));
}

function isOlder(attempt: Attempt, noted: AttemptEnd | undefined): boolean {
  if (noted?.createdAt === undefined) return false;
  return compareAge(attempt, { createdAt: undefined, disrupted: undefined, ...noted }) < 0;
}

function hasUnsavedWorkerEnd(flow: Flow, attempt: Attempt): attempt is EndedAttempt {
  return hasEndedWorker(attempt) && attempt.disrupted === undefined && flow.worker?.attempt !== attempt.id;
}

type EndedAttempt = Attempt & { worker: Extract<Attempt['worker'], { state: 'ended' }> };

function hasEndedWorker(attempt: Attempt): attempt is EndedAttempt {
  return attempt.worker.state === 'ended';
}

function workerEnd({ id, worker: { exitCode, reason } }: EndedAttempt, now: number): WorkerEnd {
  return { attempt: id, exitCode, reason, at: new Date(now).toISOString() };
}

function judge({ flow, attempts, now }: ObservedFlow): Step | undefined {
  const at = new Date(now).toISOString();
  const isOver = flow.jobEnd !== undefined && attempts.length === 0;
  if (flow.attempt === undefined)
    return isOver ? { kind: 'confirm-pods-gone', outcome: lost(flow.jobEnd, at) } : undefined;
  const verdict = judgeAttempt(flow.attempt);
  if (verdict.verdict === 'verify')
    return { kind: 'verify', attempt: flow.attempt.attempt, report: verdict.report };
  if (verdict.verdict === 'failed') {
    const { reason, message } = verdict;
    return { kind: 'set-outcome', outcome: { phase: 'failed', at, reason, message } };
  }
  // The Job controller makes another attempt after a disruption, unless it has given up.
  if (!isOver) return undefined;
  const { message } = verdict;
  const reason = reasonOfEnd(flow.jobEnd) ?? verdict.reason;
  return { kind: 'confirm-pods-gone', outcome: { phase: 'failed', at, reason, message } };
}

function lost(jobEnd: Flow['jobEnd'], at: string): Outcome {
  const { type = 'Failed', reason = '', message = '' } = jobEnd ?? {};
  return {
    phase: 'failed',
    at,
    reason: reasonOfEnd(jobEnd) ?? 'attempt-lost',
    message: `The Job is ${type} (${[reason, message].filter(Boolean).join(': ')}) and none of its pods is left to tell what its worker did.`,
  };
}

function watchOver(observed: ObservedFlow): Step {
  const { flow, now } = observed;
  if (isSuspendedByQueue(flow)) return { kind: 'wait', until: undefined };
  const diagnosis = diagnosisToSave(observed);
  if (diagnosis !== undefined) return { kind: 'save-pending', diagnosis };
  const deadline = nextDeadline(observed);
  if (deadline.at <= now) return { kind: 'set-outcome', outcome: overdue(deadline, now) };
  const renewal = renewalDue(observed);
  if (renewal !== undefined && renewal <= now) return { kind: 'renew-credentials' };
  const until = Math.min(deadline.at, renewal ?? Infinity);
  const poll = nextEventPoll(observed) ?? Infinity;
  return poll <= now ? { kind: 'poll-events', until } : { kind: 'wait', until: Math.min(until, poll) };
}

function overdue(deadline: Deadline, now: number): Outcome {
  return {
    phase: 'failed',
    at: new Date(now).toISOString(),
    reason: deadline.reason,
    message: deadline.message,
  };
}

/** At a third of their life, while the worker runs: an update reaches a running pod after a minute, a terminating one never. */
function renewalDue({ flow, attempts }: ObservedFlow): number | undefined {
  if (flow.credentials?.expiration === undefined) return undefined;
  if (attempts.some(({ worker }) => worker.state === 'ended')) return undefined;
  const minted = Date.parse(flow.credentials.mintedAt);
  const due = minted + (Date.parse(flow.credentials.expiration) - minted) / 3;
  // Not a time: it must not hide the deadline.
  return Number.isNaN(due) ? undefined : due;
}

/** A pod told to stop is waited for this much longer than its grace before its partial results are deleted. */
const stopSlackMillis = 30_000;

function afterOutcome(observed: ObservedFlow, outcome: Outcome): Step {
  const { flow, attempts } = observed;
  const toStop = attempts.filter((attempt) => isAlive(attempt) && attempt.id !== handedOut(outcome));
  if (toStop.length > 0 || mayStartPods(flow, outcome)) return { kind: 'stop', attempts: toStop };
  if (!isFinal(flow.delivery)) {
    const ended = attempts.filter(({ terminal }) => terminal);
    return wasTried(flow.delivery) && ended.length > 0
      ? { kind: 'release', attempts: ended }
      : { kind: 'deliver' };
  }
  return afterDelivery(observed, outcome);
}

function afterDelivery({ flow, attempts, now }: ObservedFlow, outcome: Outcome): Step {
  const stoppedBy = Date.parse(outcome.at) + flow.plan.limits.stopGrace * 1000 + stopSlackMillis;
  if (attempts.some(({ terminal }) => !terminal) && now < stoppedBy)
    return { kind: 'wait', until: stoppedBy };
  if (attempts.length > 0) return { kind: 'release', attempts };
  if (flow.resultsDeletedAt === undefined && nobodyFetches(flow)) return { kind: 'delete-results' };
  return { kind: 'record' };
}

/** The attempt whose results are handed out. */
function handedOut(outcome: Outcome): string | undefined {
  return outcome.phase === 'succeeded' ? outcome.results.attempt : undefined;
}

/** After a success only a disruption makes the Job controller start another pod; else the Job is Complete a moment later. */
function mayStartPods({ suspended, jobEnd, deletedAt, attempt }: Flow, { phase }: Outcome): boolean {
  if (suspended || jobEnd !== undefined || deletedAt !== undefined) return false;
  return phase !== 'succeeded' || attempt?.interrupted !== undefined;
}

function isAlive(attempt: Attempt): boolean {
  return !attempt.terminal && attempt.deletedAt === undefined;
}

/** What decisions are made from: the Job, its pods that our finalizer keeps, the operator's limits, and the time in milliseconds. */
export interface ObservedFlow {
  flow: Flow;
  attempts: Attempt[];
  pendingLimits: PendingLimits;
  now: number;
}
