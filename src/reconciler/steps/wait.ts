import type { ObservedFlow, ObservedOutcome } from '../../flow/flow.ts';
import { nextDeadline } from '../../flow/pending/deadlines.ts';
import { isSuspendedByQueue, nextEventPoll } from '../../flow/pending/watch-pending.ts';
import type { Step, StepResult } from '../reconciler.ts';
import { renewalTime } from './renew-credentials.ts';

interface Wait extends Step<'wait'> {
  /** Milliseconds since the epoch; undefined: until something changes. */
  until: number | undefined;
}

export function wait(until: number | undefined): Wait {
  return { kind: 'wait', until, run: ({ now }) => Promise.resolve(requeueAt(until, now())) };
}

/** A Job that a queue has suspended is not stuck: no deadline runs. */
export function decideWaitForQueue({ flow }: ObservedFlow): Wait | undefined {
  return isSuspendedByQueue(flow) ? wait(undefined) : undefined;
}

/** The worker starts, runs or uploads. */
export function decideWait(observed: ObservedFlow): Wait {
  return wait(Math.min(nextDueTime(observed), nextEventPoll(observed) ?? Infinity));
}

/** When a deadline ends or keys are renewed, in milliseconds since the epoch. */
export function nextDueTime(observed: ObservedFlow): number {
  return Math.min(nextDeadline(observed).at, renewalTime(observed) ?? Infinity);
}

/** How much longer than its stop grace a pod is waited for before its partial results are deleted. */
const stopSlackMillis = 30_000;

export function decideWaitForPods({ flow, attempts, now }: ObservedOutcome): Wait | undefined {
  const stoppedBy = Date.parse(flow.outcome.at) + flow.plan.limits.stopGrace * 1000 + stopSlackMillis;
  return attempts.some(({ terminal }) => !terminal) && now < stoppedBy ? wait(stoppedBy) : undefined;
}

/** For a time that cannot be read: a timer takes NaN for 1 ms. */
const unreadableMillis = 60_000;

function requeueAt(until: number | undefined, now: Date): StepResult {
  if (until === undefined) return { kind: 'requeue', millis: undefined };
  const millis = Number.isNaN(until) ? unreadableMillis : Math.max(0, until - now.getTime());
  return { kind: 'requeue', millis };
}
