import type { Attempt } from '../../flow/attempt.ts';
import type { Flow } from '../../flow/flow.ts';
import type { Pod } from '../../kubernetes/types.ts';
import { continueNow, type Reconciler, type StepResult } from '../reconciler.ts';

/**
 * Deletes the pods with a short grace, since a worker may ignore SIGTERM for the whole grace that is meant for the upload, then
 * suspends the Job so that none follows. In this order: suspending lets the Job controller delete them with their own grace, and a
 * kubelet that has begun to stop a pod does not hear of a shorter one. A pod that has ended is not replaced so soon.
 */
export async function stopAttempts(
  deps: Reconciler,
  { flow, attempts }: { flow: Flow; attempts: Attempt[] },
  signal: AbortSignal,
): Promise<StepResult> {
  for (const { pod, id } of attempts) {
    const options = { gracePeriodSeconds: flow.plan.limits.stopGrace, preconditions: { uid: id } };
    const marked = await deps.cluster.pods.delete(pod, options, signal);
    if (marked === undefined) deps.cache.removePod(pod);
    else if (marked.kind === 'Pod') deps.cache.updatePod(marked as Pod);
  }
  if (!flow.suspended && flow.jobEnd === undefined && flow.deletedAt === undefined) {
    const metadata = { resourceVersion: flow.resourceVersion };
    deps.cache.updateJob(
      await deps.cluster.jobs.patch(flow.name, { metadata, spec: { suspend: true } }, signal),
    );
  }
  return continueNow;
}
