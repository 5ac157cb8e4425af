import type { Job, JobStatus } from '../../objects/job.ts';
import type { PodCondition } from '../../objects/pod.ts';
import { timestamp } from '../../objects/timestamp.ts';
import type { JobControllerContext } from './context.ts';

export interface ConditionChange {
  type: string;
  status?: 'True' | 'False';
  reason: string;
  message: string;
}

export function trueCondition(status: JobStatus, type: string): PodCondition | undefined {
  return status.conditions?.find((condition) => condition.type === type && condition.status === 'True');
}

export function isFinished(status: JobStatus): boolean {
  return trueCondition(status, 'Complete') !== undefined || trueCondition(status, 'Failed') !== undefined;
}

/** Adds the condition or moves it to another status; says whether anything changed. */
export function setCondition(status: JobStatus, change: ConditionChange, time: string): boolean {
  const conditions = (status.conditions ??= []);
  const known = conditions.find((condition) => condition.type === change.type);
  const wanted = change.status ?? 'True';
  if (known?.status === wanted && known.reason === change.reason) return false;
  const next = { ...change, status: wanted, lastProbeTime: time, lastTransitionTime: time };
  if (known) Object.assign(known, next);
  else conditions.push(next);
  return true;
}

/** Says in `job.status` whether the Job is suspended, and when it was last set going. */
export function updateSuspension({ now, record }: JobControllerContext, job: Job): void {
  const time = timestamp(now());
  if (job.spec.suspend) {
    const suspended = { type: 'Suspended', reason: 'JobSuspended', message: 'Job suspended' };
    if (setCondition(job.status, suspended, time)) {
      record(job, { type: 'Normal', reason: 'Suspended', message: 'Job suspended' });
    }
    return;
  }
  if (trueCondition(job.status, 'Suspended')) {
    const resumed = { type: 'Suspended', reason: 'JobResumed', message: 'Job resumed' };
    setCondition(job.status, { ...resumed, status: 'False' }, time);
    job.status.startTime = time;
    record(job, { type: 'Normal', reason: 'Resumed', message: 'Job resumed' });
  }
  job.status.startTime ??= time;
}
