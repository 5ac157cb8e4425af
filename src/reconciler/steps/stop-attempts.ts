import type { Attempt } from '../../flow/attempt.ts';
import type { Flow, ObservedOutcome } from '../../flow/flow.ts';
import type { Outcome } from '../../flow/outcome.ts';
import type { Pod } from '../../kubernetes/types.ts';
import { continueNow, type Reconciler, type Step, type StepResult } from '../reconciler.ts';

interface Stop extends Step<'stop'> {
  attempts: Attempt[];
}

/** Stops every pod but that of the results, and the Job from starting another one. */
export function decideStop({ flow, attempts }: ObservedOutcome): Stop | undefined {
  const { outcome } = flow;
  const kept = outcome.phase === 'succeeded' ? outcome.results.attempt : undefined;
  const toStop = attempts.filter(
    ({ id, terminal, deletedAt }) => !terminal && deletedAt === undefined && id !== kept,
  );
  if (toStop.length === 0 && !mayStartPods(flow, outcome)) return undefined;
  return {
    kind: 'stop',
    attempts: toStop,
    run: (deps, signal) => stopAttempts(deps, { flow, attempts: toStop }, signal),
  };
}

/** After a success only a disruption makes the Job controller start another pod; otherwise the Job is Complete a moment later. */
function mayStartPods({ suspended, jobEnd, deletedAt, attempt }: Flow, { phase }: Outcome): boolean {
  if (suspended || jobEnd !== undefined || deletedAt !== undefined) return false;
  return phase !== 'succeeded' || attempt?.interrupted !== undefined;
}

/**
 * Deletes the pods with a short grace, since a worker may ignore SIGTERM for the whole grace that is meant for the upload, then
 * suspends the Job so that no pod follows. The order matters: when the Job is suspended, the Job controller deletes the pods with their own
 * grace, and a kubelet that already stops a pod ignores a shorter one. An ended pod is not replaced in between. A log is read before, since
 * a kubelet removes it with the containers of a deleted pod.
 */
export async function stopAttempts(
  { cluster, cache, logArchive }: Pick<Reconciler, 'cluster' | 'cache' | 'logArchive'>,
  { flow, attempts }: { flow: Flow; attempts: Attempt[] },
  signal: AbortSignal,
): Promise<StepResult> {
  for (const attempt of attempts) {
    const { pod, id } = attempt;
    await logArchive.save(attempt, signal);
    const options = { gracePeriodSeconds: flow.plan.limits.stopGrace, preconditions: { uid: id } };
    const marked = await cluster.pods.delete(pod, options, signal);
    if (marked === undefined) cache.removePod(pod);
    else if (marked.kind === 'Pod') cache.updatePod(marked as Pod);
  }
  if (!flow.suspended && flow.jobEnd === undefined && flow.deletedAt === undefined) {
    const patch = { metadata: { resourceVersion: flow.resourceVersion }, spec: { suspend: true } };
    cache.updateJob(await cluster.jobs.patch(flow.name, patch, signal));
  }
  return continueNow;
}
