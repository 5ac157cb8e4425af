import { countFiles, describeEnd } from '../client/describe-end.ts';
import { followJob, isEnded } from '../client/jobs.ts';
import { printableLine } from '../client/printable.ts';
import { formatBytes } from '../client/table.ts';
import type { Job } from '../http/routes/api/jobs/job-schema.ts';
import { LogPrinter } from './log-printer.ts';
import type { Remote } from './remote.ts';

/** Prints each state of a job, its log if wanted, and its end, on standard error. Returns the job when it has ended. */
export async function followOnTerminal(
  { client, interruption }: Remote,
  id: string,
  { withLog = false }: { withLog?: boolean } = {},
): Promise<Job> {
  const start = performance.now();
  const log = withLog ? new LogPrinter(client, id, interruption.signal) : undefined;
  let shown = '';
  function onChange(job: Job): void {
    if (isEnded(job)) return;
    const text = describeState(job);
    if (text === shown) return;
    shown = text;
    const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(6);
    process.stderr.write(`${seconds} s  ${text}\n`);
    log?.onState(job.state);
  }
  const job = await followJob(client, { id, onChange }, interruption.signal);
  await log?.end();
  process.stderr.write(describeEnd(job));
  return job;
}

function describeState({ state, detail, progress }: Job): string {
  if (progress === undefined) return detail === undefined ? state : `${state}: ${printableLine(detail)}`;
  const { files, bytes, worker: { percent, message } = {} } = progress;
  const parts = [
    ...(percent === undefined ? [] : [`${Math.round(percent)} %`]),
    ...(message === undefined ? [] : [printableLine(message)]),
    `${countFiles(files)} uploaded, ${formatBytes(bytes)}`,
  ];
  return `${state}: ${parts.join(', ')}`;
}

/** For the end of a command that leaves the job alone. */
export function howToContinue(id: string): string {
  return [
    'The job goes on.',
    `  follow it:  edc-job-provisioner job ${id} --follow`,
    `  its log:    edc-job-provisioner logs ${id} --follow`,
    `  cancel it:  edc-job-provisioner cancel ${id}`,
    '',
  ].join('\n');
}
