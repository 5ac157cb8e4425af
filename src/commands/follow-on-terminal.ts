import { describeEnd } from '../client/describe-end.ts';
import { followJob, isEnded } from '../client/jobs.ts';
import { printable } from '../client/printable.ts';
import type { Job } from '../http/routes/api/jobs/job-schema.ts';
import type { Remote } from './remote.ts';

/** Prints each state of a job, and its end, on standard error. Returns the job when it has ended. */
export async function followOnTerminal({ client, interruption }: Remote, id: string): Promise<Job> {
  const start = performance.now();
  let shown = '';
  function onChange(job: Job): void {
    if (isEnded(job)) return;
    const { state, detail } = job;
    const text = detail === undefined ? state : `${state}: ${printable(detail)}`;
    if (text === shown) return;
    shown = text;
    const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(6);
    process.stderr.write(`${seconds} s  ${text}\n`);
  }
  const job = await followJob(client, { id, onChange }, interruption.signal);
  process.stderr.write(describeEnd(job));
  return job;
}

/** For the end of a command that leaves the job alone. */
export function howToContinue(id: string): string {
  return [
    'The job goes on.',
    `  follow it:  edc-job-provisioner job ${id} --follow`,
    `  cancel it:  edc-job-provisioner cancel ${id}`,
    '',
  ].join('\n');
}
