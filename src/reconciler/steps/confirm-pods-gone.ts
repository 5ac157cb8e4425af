import { flowLabel, evidencePodsSelector } from '../../flow/labels.ts';
import { reasonOfEnd, type Flow, type ObservedFlow } from '../../flow/flow.ts';
import { judgeAttempt } from '../../flow/judge-attempt.ts';
import type { FailureReason, Outcome } from '../../flow/outcome.ts';
import { continueNow, type Reconciler, type Step, type StepResult } from '../reconciler.ts';
import { setOutcome } from './set-outcome.ts';

interface ConfirmPodsGone extends Step<'confirm-pods-gone'> {
  outcome: Outcome;
}

/** The Job has ended without results, and the cache holds no pod that could change that. */
export function decidePodsGone({ flow, attempts, now }: ObservedFlow): ConfirmPodsGone | undefined {
  const failure = flow.jobEnd === undefined || attempts.length > 0 ? undefined : failureOf(flow, flow.jobEnd);
  if (failure === undefined) return undefined;
  const outcome = { phase: 'failed', at: new Date(now).toISOString(), ...failure } as const;
  return {
    kind: 'confirm-pods-gone',
    outcome,
    run: (deps, signal) => confirmPodsGone(deps, { flow, outcome }, signal),
  };
}

/** Undefined: the saved end of an attempt decides. After a disruption it does so only if no attempt follows. */
function failureOf(
  { attempt }: Flow,
  jobEnd: NonNullable<Flow['jobEnd']>,
): { reason: FailureReason; message: string } | undefined {
  if (attempt === undefined) {
    const { type, reason, message } = jobEnd;
    const end = `${type} (${[reason, message].filter(Boolean).join(': ')})`;
    return {
      reason: reasonOfEnd(jobEnd) ?? 'attempt-lost',
      message: `The Job is ${end} and none of its pods is left, so the end of its worker is unknown.`,
    };
  }
  const verdict = judgeAttempt(attempt);
  if (verdict.verdict !== 'disrupted') return undefined;
  return { reason: reasonOfEnd(jobEnd) ?? verdict.reason, message: verdict.message };
}

/** The watch of the pods may be behind that of the Jobs: the API server is asked before the outcome is set. */
async function confirmPodsGone(
  deps: Reconciler,
  { flow, outcome }: { flow: Flow; outcome: Outcome },
  signal: AbortSignal,
): Promise<StepResult> {
  const labelSelector = `${evidencePodsSelector},${flowLabel}=${flow.name}`;
  const { items } = await deps.cluster.pods.list({ labelSelector, limit: 10 }, signal);
  for (const pod of items) deps.cache.updatePod(pod);
  if (items.length > 0) return continueNow;
  return await setOutcome(deps, { flow, outcome }, signal);
}
