import { timestamp } from '../registry/timestamp.ts';
import { setCondition, trueCondition } from './conditions.ts';
import type { Job } from './job.ts';
import type { JobControllerContext } from './reconcile-job.ts';

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
