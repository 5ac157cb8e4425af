import { type Job, replacesEndedOnly } from '../../objects/job.ts';
import { isBeingDeleted, keyOf } from '../../objects/kube-object.ts';
import { hasEnded, type Pod } from '../../objects/pod.ts';
import { StatusError } from '../../objects/status-error.ts';
import { buildPod } from './build-pod.ts';
import type { JobControllerContext } from './context.ts';
import { releasePod } from './count-ended-pods.ts';

/** Creates or removes pods until as many run as the Job wants; answers when to look again, if it has to wait. */
export function adjustPods(context: JobControllerContext, job: Job, pods: Pod[]): number | undefined {
  const active = pods.filter((pod) => !hasEnded(pod) && !isBeingDeleted(pod));
  const ending = pods.filter((pod) => !hasEnded(pod) && isBeingDeleted(pod));
  const wanted = wantedActive(job, active.length);
  if (active.length > wanted) {
    withdrawPods(context, job, active.slice(wanted));
    return undefined;
  }
  const missing = wanted - active.length - (replacesEndedOnly(job) ? ending.length : 0);
  if (missing <= 0) return undefined;
  const wait = context.backOff.remaining(job.metadata.uid, context.now().getTime());
  if (wait > 0) return wait;
  return createPods(context, job, missing);
}

/** Deletes pods whose end says nothing about the Job: suspended, or too many. */
export function withdrawPods(context: JobControllerContext, job: Job, pods: Pod[]): void {
  for (const pod of pods) releasePod(context, pod);
  deletePods(context, job, pods);
}

export function deletePods({ registry, record }: JobControllerContext, job: Job, pods: Pod[]): void {
  for (const pod of pods) {
    if (!registry.get(keyOf('pods', pod))) continue;
    registry.delete(keyOf('pods', pod));
    const message = `Deleted pod: ${pod.metadata.name}`;
    record(job, { type: 'Normal', reason: 'SuccessfulDelete', message });
  }
}

function wantedActive(job: Job, active: number): number {
  const { completions, parallelism = 1 } = job.spec;
  const succeeded = job.status.succeeded ?? 0;
  if (completions === undefined) return succeeded > 0 ? active : parallelism;
  return Math.max(0, Math.min(completions - succeeded, parallelism));
}

function createPods(context: JobControllerContext, job: Job, count: number): number | undefined {
  try {
    for (let index = 0; index < count; index += 1) {
      const pod = context.registry.create('pods', buildPod(job));
      const message = `Created pod: ${pod.metadata.name}`;
      context.record(job, { type: 'Normal', reason: 'SuccessfulCreate', message });
    }
    context.refusals.forget(job.metadata.uid);
    return undefined;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    const message = `Error creating: ${error.message}`;
    context.record(job, { type: 'Warning', reason: 'FailedCreate', message });
    const now = context.now().getTime();
    context.refusals.recordFailure(job.metadata.uid, now);
    return context.refusals.remaining(job.metadata.uid, now);
  }
}
