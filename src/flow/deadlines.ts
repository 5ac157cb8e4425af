import type { Attempt } from './attempt.ts';
import type { Flow } from './flow.ts';
import type { FailureReason } from './reasons.ts';
import type { World } from './world.ts';

export interface Deadline {
  /** Milliseconds since the epoch. */
  at: number;
  reason: FailureReason;
  message: string;
}

/** The kubelet reports an end some seconds late (observation 16), and the sidecar itself stops before its grace ends. */
const reportSlackMillis = 60_000;

/** The one deadline that runs now: for getting started, for working, or for uploading. */
export function nextDeadline({ flow, attempts }: World): Deadline {
  const live = attempts.find(({ terminal }) => !terminal);
  if (live?.worker.state === 'running') return runDeadline(flow, live.worker.startedAt);
  if (live?.worker.state === 'ended') return uploadDeadline(flow, live);
  return pendingDeadline(flow, live);
}

function pendingDeadline(flow: Flow, live: Attempt | undefined): Deadline {
  const { pending } = flow.plan.limits;
  // A replacement after a disruption gets the time anew.
  const since = Math.max(
    Date.parse(flow.startedAt ?? flow.createdAt),
    Date.parse(flow.attempt?.at ?? flow.createdAt),
  );
  const why = live?.waiting ?? 'the Job has no pod that says why';
  return {
    at: since + pending * 1000,
    reason: 'pending-deadline-exceeded',
    message: `The worker did not start within ${pending} s: ${why}`,
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
  const since = Date.parse(flow.worker?.at ?? ended ?? flow.createdAt);
  return {
    at: since + upload * 1000 + reportSlackMillis,
    reason: 'upload-deadline-exceeded',
    message: `The upload did not end within ${upload} s after the worker.`,
  };
}
