import { isTracked, type Job } from '../../objects/job.ts';
import { isBeingDeleted, keyOf, type ObjectKey } from '../../objects/kube-object.ts';
import { hasEnded, type Pod } from '../../objects/pod.ts';
import { timestamp } from '../../objects/timestamp.ts';
import { adjustPods, deletePods, withdrawPods } from './adjust-pods.ts';
import { isFinished, setCondition, updateSuspension } from './conditions.ts';
import { type JobControllerContext, podsOf } from './context.ts';
import { countEndedPods, releasePod } from './count-ended-pods.ts';
import { deadlineRemaining, findEnd, type JobEnd } from './find-end.ts';

/**
 * Looks at one Job and its pods and takes every step that is due. May be called any number of times.
 * Answers in how many milliseconds it wants to look again even if nothing happens.
 */
export function reconcileJob(context: JobControllerContext, key: ObjectKey): number | undefined {
  const job = context.registry.get(key) as Job | undefined;
  if (!job) return undefined;
  const pods = podsOf(context, job);
  if (isFinished(job.status)) {
    for (const pod of pods.filter(isTracked)) releasePod(context, pod);
    context.backOff.forget(job.metadata.uid);
    context.refusals.forget(job.metadata.uid);
    return undefined;
  }
  return advance(context, job, pods);
}

function advance(context: JobControllerContext, job: Job, pods: Pod[]): number | undefined {
  const { counted, failJob } = countEndedPods(context, job, pods);
  updateSuspension(context, job);
  const end = findEnd(job, { pods, failJob, now: context.now() });
  let wait: number | undefined;
  if (end) finish(context, { job, pods, end });
  else wait = keepGoing(context, job, pods);
  countPods(job, podsOf(context, job));
  context.registry.modify(keyOf('jobs', job), (draft) => {
    draft['status'] = job.status;
  });
  for (const pod of counted) releasePod(context, pod);
  return wait;
}

function keepGoing(context: JobControllerContext, job: Job, pods: Pod[]): number | undefined {
  if (isBeingDeleted(job)) return undefined;
  if (job.spec.suspend) {
    withdrawPods(context, job, pods.filter(isActive));
    return undefined;
  }
  const waits = [adjustPods(context, job, pods), deadlineRemaining(job, context.now())];
  const due = waits.filter((wait) => wait !== undefined);
  return due.length > 0 ? Math.min(...due) : undefined;
}

/** The criterion first; the terminal condition only in a later pass, once no pod can write any more. */
function finish(
  context: JobControllerContext,
  { job, pods, end }: { job: Job; pods: Pod[]; end: JobEnd },
): void {
  const time = timestamp(context.now());
  const isNew = setCondition(job.status, end, time);
  deletePods(context, job, pods.filter(isActive));
  if (isNew || podsOf(context, job).some((pod) => !hasEnded(pod))) return;
  if (end.type === 'SuccessCriteriaMet') {
    setCondition(job.status, { ...end, type: 'Complete' }, time);
    job.status.completionTime = time;
    context.record(job, { type: 'Normal', reason: 'Completed', message: 'Job completed' });
  } else {
    setCondition(job.status, { ...end, type: 'Failed' }, time);
    context.record(job, { type: 'Warning', reason: end.reason, message: end.message });
  }
}

function countPods(job: Job, pods: Pod[]): void {
  const active = pods.filter(isActive);
  const ready = active.filter((pod) =>
    pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
  );
  if (active.length > 0) job.status.active = active.length;
  else delete job.status.active;
  job.status.ready = ready.length;
  job.status.terminating = pods.filter((pod) => isBeingDeleted(pod) && !hasEnded(pod)).length;
  job.status.uncountedTerminatedPods = {};
}

function isActive(pod: Pod): boolean {
  return !hasEnded(pod) && !isBeingDeleted(pod);
}
