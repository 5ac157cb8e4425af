import type { Attempt } from '../attempt.ts';
import type { Flow, ObservedFlow } from '../flow.ts';
import { causeRules, pendingSeconds } from './pending-cause.ts';
import type { FailureReason } from '../outcome.ts';
import { explain, findDiagnosis, findLive, pendingSince } from './watch-pending.ts';

export interface Deadline {
  /** Milliseconds since the epoch. */
  at: number;
  reason: FailureReason;
  message: string;
}

/** The kubelet reports an end some seconds late (observation 16), and the sidecar itself stops before its grace ends. */
const reportSlackMillis = 60_000;

/** Added to the end of a pod's grace: its kubelet kills it then and reports that within seconds. */
const silenceMillis = 30_000;

/** The one deadline that runs now: for the start, for the work, for the upload, or for the end of a pod that is marked for deletion. */
export function nextDeadline(observed: ObservedFlow): Deadline {
  const live = findLive(observed.attempts);
  const deadline = phaseDeadline(observed, live);
  const silence =
    live?.deletedAt === undefined
      ? undefined
      : silenceDeadline(live, observed.flow.plan.limits.upload, live.deletedAt);
  return silence !== undefined && silence.at < deadline.at ? silence : deadline;
}

/** A grace that was shortened later does not count: a kubelet that already stops a pod ignores it. */
function silenceDeadline(
  { pod, disrupted = 'Deleted', grace }: Attempt,
  upload: number,
  deletedAt: string,
): Deadline {
  const deleted = Date.parse(deletedAt);
  return {
    at: Math.max(deleted, deleted + (upload - grace) * 1000) + silenceMillis,
    reason: 'node-lost',
    message: `The pod ${pod} was being stopped (${disrupted}), and its node did not report its end in time.`,
  };
}

function phaseDeadline(observed: ObservedFlow, live: Attempt | undefined): Deadline {
  if (live?.worker.state === 'running') return runDeadline(observed.flow, live.worker.startedAt);
  if (live?.worker.state === 'ended') return uploadDeadline(observed.flow, live);
  return pendingDeadline(observed);
}

/** The deadline of the pending cause, and never later than the template's own. */
function pendingDeadline(observed: ObservedFlow): Deadline {
  const { flow, pendingLimits } = observed;
  const { pending } = flow.plan.limits;
  const last = pendingSince(flow) + pending * 1000;
  const diagnosis = findDiagnosis(observed);
  if (diagnosis === undefined) {
    return {
      at: last,
      reason: 'pending-deadline-exceeded',
      message: `The worker did not start within ${pending} s, and nothing says why.`,
    };
  }
  const seconds = pendingSeconds(diagnosis.cause, pendingLimits);
  const own = diagnosis.since + seconds * 1000;
  const timeout = own <= last ? seconds : pending;
  const waited = timeout === 0 ? '' : ` (waited ${timeout} s)`;
  return {
    at: Math.min(own, last),
    reason: causeRules[diagnosis.cause].reason,
    message: `The worker did not start${waited}: ${explain(diagnosis)}`,
  };
}

function runDeadline(flow: Flow, startedAt: string): Deadline {
  const { run } = flow.plan.limits;
  return {
    at: Date.parse(startedAt) + run * 1000,
    reason: 'run-deadline-exceeded',
    message: `The worker ran longer than the template's limit of ${run} s.`,
  };
}

function uploadDeadline(flow: Flow, live: Attempt): Deadline {
  const { upload } = flow.plan.limits;
  const ended = live.worker.state === 'ended' ? live.worker.finishedAt : undefined;
  // The saved end may be an earlier attempt's.
  const saved = flow.worker?.attempt === live.id ? flow.worker.at : undefined;
  const since = Date.parse(saved ?? ended ?? flow.createdAt);
  return {
    at: since + upload * 1000 + reportSlackMillis,
    reason: 'upload-deadline-exceeded',
    message: `The upload did not end within ${upload} s after the worker.`,
  };
}
