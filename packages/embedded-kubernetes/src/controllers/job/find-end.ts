import type { Job } from '../../objects/job.ts';
import { isBeingDeleted } from '../../objects/kube-object.ts';
import { containerStatusesOf, hasEnded, type Pod } from '../../objects/pod.ts';
import { trueCondition } from './conditions.ts';

export interface JobEnd {
  type: 'FailureTarget' | 'SuccessCriteriaMet';
  reason: string;
  message: string;
}

interface Circumstances {
  pods: Pod[];
  failJob: string | undefined;
  now: Date;
}

/** Why the Job is to end, if it is. An end once found stays. */
export function findEnd(job: Job, circumstances: Circumstances): JobEnd | undefined {
  return decidedEnd(job) ?? failureOf(job, circumstances) ?? successOf(job, circumstances.pods);
}

/** Milliseconds until `activeDeadlineSeconds` is over; undefined if nothing runs against it. */
export function deadlineRemaining(job: Job, now: Date): number | undefined {
  const seconds = job.spec.activeDeadlineSeconds;
  if (seconds === undefined || job.status.startTime === undefined || job.spec.suspend) return undefined;
  return new Date(job.status.startTime).getTime() + seconds * 1000 - now.getTime();
}

function decidedEnd(job: Job): JobEnd | undefined {
  for (const type of ['FailureTarget', 'SuccessCriteriaMet'] as const) {
    const condition = trueCondition(job.status, type);
    if (condition) return { type, reason: condition.reason ?? '', message: condition.message ?? '' };
  }
  return undefined;
}

function failureOf(job: Job, { pods, failJob, now }: Circumstances): JobEnd | undefined {
  if (failJob !== undefined) return failure('PodFailurePolicy', failJob);
  const limit = job.spec.backoffLimit ?? 6;
  if ((job.status.failed ?? 0) > limit || restartsExceed(job, pods, limit)) {
    return failure('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  }
  const remaining = deadlineRemaining(job, now);
  if (remaining !== undefined && remaining <= 0) {
    return failure('DeadlineExceeded', 'Job was active longer than specified deadline');
  }
  return undefined;
}

function failure(reason: string, message: string): JobEnd {
  return { type: 'FailureTarget', reason, message };
}

function restartsExceed(job: Job, pods: Pod[], limit: number): boolean {
  if (job.spec.template?.spec?.restartPolicy !== 'OnFailure') return false;
  const restarts = pods
    .filter((pod) => !hasEnded(pod))
    .flatMap(containerStatusesOf)
    .reduce((sum, { restartCount = 0 }) => sum + restartCount, 0);
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

function successOf(job: Job, pods: Pod[]): JobEnd | undefined {
  const succeeded = job.status.succeeded ?? 0;
  const { completions } = job.spec;
  const running = pods.some((pod) => !hasEnded(pod) && !isBeingDeleted(pod));
  const reached = completions === undefined ? succeeded > 0 && !running : succeeded >= completions;
  if (!reached) return undefined;
  return {
    type: 'SuccessCriteriaMet',
    reason: 'CompletionsReached',
    message: 'Reached expected number of succeeded pods',
  };
}
