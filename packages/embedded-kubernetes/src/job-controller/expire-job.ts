import { isBeingDeleted, jobKey } from './job.ts';
import type { Job } from './job.ts';
import type { JobControllerContext } from './reconcile-job.ts';

/** Deletes a finished Job with its pods once `ttlSecondsAfterFinished` is over; answers how long that is still. */
export function expireJob(context: JobControllerContext, job: Job): number | undefined {
  context.backOff.forget(job.metadata.uid);
  context.refusals.forget(job.metadata.uid);
  const seconds = job.spec.ttlSecondsAfterFinished;
  if (seconds === undefined || isBeingDeleted(job)) return undefined;
  const remaining = finishedAt(job) + seconds * 1000 - context.now().getTime();
  if (remaining > 0) return remaining;
  context.registry.delete(jobKey(job), {
    propagationPolicy: 'Foreground',
    preconditions: { uid: job.metadata.uid },
  });
  return undefined;
}

function finishedAt(job: Job): number {
  const condition = job.status.conditions?.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
  return new Date(condition?.lastTransitionTime ?? 0).getTime();
}
