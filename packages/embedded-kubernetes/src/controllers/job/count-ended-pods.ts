import { isTracked, type Job, replacesEndedOnly, trackingFinalizer } from '../../objects/job.ts';
import { isBeingDeleted, keyOf } from '../../objects/kube-object.ts';
import { hasEnded, type Pod } from '../../objects/pod.ts';
import { dropFinalizer } from '../../registry/finalizers.ts';
import type { JobControllerContext } from './context.ts';
import { judgeFailure } from './failure-policy.ts';

export interface Count {
  /** Pods that are in the counts now and have to lose their tracking finalizer. */
  counted: Pod[];
  /** Set if a rule of the failure policy ends the Job. */
  failJob?: string;
}

/** Adds the pods that ended since the last time to `job.status`. */
export function countEndedPods(context: JobControllerContext, job: Job, pods: Pod[]): Count {
  const count: Count = { counted: [] };
  for (const pod of pods.filter(isTracked)) {
    if (pod.status.phase === 'Succeeded') {
      job.status.succeeded = (job.status.succeeded ?? 0) + 1;
      context.backOff.recordSuccess(job.metadata.uid);
    } else if (countsAsFailed(job, pod)) {
      countFailure(context, { job, pod, count });
    } else if (!isBeingDeleted(job)) {
      continue;
    }
    count.counted.push(pod);
  }
  return count;
}

/** The pod no longer matters to its Job: it may go. */
export function releasePod({ registry }: JobControllerContext, pod: Pod): void {
  dropFinalizer(registry, keyOf('pods', pod), trackingFinalizer);
}

// Where replacements do not wait, the mark is the failure: a lost node may never report an end.
function countsAsFailed(job: Job, pod: Pod): boolean {
  if (pod.status.phase === 'Failed') return true;
  return isBeingDeleted(pod) && !hasEnded(pod) && !replacesEndedOnly(job);
}

function countFailure(
  context: JobControllerContext,
  { job, pod, count }: { job: Job; pod: Pod; count: Count },
): void {
  const verdict = judgeFailure(job, pod);
  context.backOff.recordFailure(job.metadata.uid, context.now().getTime());
  if (verdict.action === 'ignore') return;
  job.status.failed = (job.status.failed ?? 0) + 1;
  if (verdict.action === 'fail-job') count.failJob ??= verdict.message;
}
