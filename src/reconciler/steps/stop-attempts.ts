import type { Attempt } from '../../flow/attempt.ts';
import type { Flow } from '../../flow/flow.ts';
import type { Pod } from '../../kubernetes/types.ts';
import { goOn, type Reconciler, type StepResult } from '../reconciler.ts';

/**
 * Suspends the Job so that no pod follows, then deletes its pods with a short grace: a worker may ignore SIGTERM for the whole
 * grace that is meant for the upload.
 */
export async function stopAttempts(
  deps: Reconciler,
  { flow, attempts }: { flow: Flow; attempts: Attempt[] },
  signal: AbortSignal,
): Promise<StepResult> {
  if (!flow.suspended && flow.jobEnd === undefined && flow.deletedAt === undefined) {
    const metadata = { resourceVersion: flow.resourceVersion };
    deps.world.learnJob(
      await deps.cluster.jobs.patch(flow.name, { metadata, spec: { suspend: true } }, signal),
    );
  }
  for (const { pod, id } of attempts) {
    const options = { gracePeriodSeconds: flow.plan.limits.stopGrace, preconditions: { uid: id } };
    const marked = await deps.cluster.pods.delete(pod, options, signal);
    if (marked === undefined) deps.world.forgetPod(pod);
    else if (marked.kind === 'Pod') deps.world.learnPod(marked as Pod);
  }
  return goOn;
}
