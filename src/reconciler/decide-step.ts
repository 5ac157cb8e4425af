import { compareAge } from '../flow/attempt.ts';
import type { ObservedFlow, ObservedOutcome } from '../flow/flow.ts';
import { decideCompletion } from './steps/complete-push.ts';
import { decideConfirmation } from './steps/confirm-deprovision.ts';
import { decidePodsGone } from './steps/confirm-pods-gone.ts';
import { decideDeletion } from './steps/delete-results.ts';
import { decideDelivery } from './steps/deliver-outcome.ts';
import { decidePreparation } from './steps/prepare.ts';
import { decideComplete, decideFetch, decideLifetime, decideReadiness } from './steps/receive.ts';
import { decidePush } from './steps/push-results.ts';
import { decideRecord } from './steps/record-flow.ts';
import { decideRelease, decideReleaseOfEnded } from './steps/release-attempts.ts';
import { decideRenewal } from './steps/renew-credentials.ts';
import { decideEvidence } from './steps/save-evidence.ts';
import { decideEventPoll, decideSavePending } from './steps/save-pending.ts';
import { decideCancellation, decideFailure, decideOverdue, decideRefusal } from './steps/set-outcome.ts';
import { decideStop } from './steps/stop-attempts.ts';
import { decideVerification } from './steps/verify-attempt.ts';
import { decideWait, decideWaitForPods, decideWaitForQueue, wait } from './steps/wait.ts';

/** Until a flow has its outcome. The first decision that finds something to do is the next step. */
const towardsOutcome = [
  decideCancellation,
  decideRefusal,
  decidePreparation,
  decideEvidence,
  decideVerification,
  decideFailure,
  decidePodsGone,
  decideWaitForQueue,
  decideSavePending,
  decideOverdue,
  decideRenewal,
  decideEventPoll,
  decideWait,
];

/** The same for a flow that receives: its Job is never started. */
const whileReceiving = [decideCancellation, decideReadiness, decideFetch, decideComplete, decideLifetime];

/** Once it has its outcome. */
const afterOutcome = [
  decideStop,
  decideReleaseOfEnded,
  decideDelivery,
  decideWaitForPods,
  decideRelease,
  decidePush,
  decideCompletion,
  decideDeletion,
  decideConfirmation,
  decideRecord,
];

type Decision =
  (typeof towardsOutcome)[number] | (typeof whileReceiving)[number] | (typeof afterOutcome)[number];

export type NextStep = NonNullable<ReturnType<Decision>>;

/** The state machine, pure: a restart, a repeat and a second replica all come to the same step. */
export function decideStep(unordered: ObservedFlow): NextStep {
  const observed = { ...unordered, attempts: unordered.attempts.toSorted(compareAge) };
  if (observed.flow.state === 'closed') return wait(undefined);
  return nextStep(observed) ?? wait(undefined);
}

function nextStep(observed: ObservedFlow): NextStep | undefined {
  if (hasOutcome(observed)) return firstStep(afterOutcome, observed);
  const receives = observed.flow.plan.receives === true;
  return firstStep<ObservedFlow>(receives ? whileReceiving : towardsOutcome, observed);
}

function hasOutcome(observed: ObservedFlow): observed is ObservedOutcome {
  return observed.flow.outcome !== undefined;
}

function firstStep<O>(
  decisions: readonly ((observed: O) => NextStep | undefined)[],
  observed: O,
): NextStep | undefined {
  for (const decide of decisions) {
    const step = decide(observed);
    if (step !== undefined) return step;
  }
  return undefined;
}
