import { describeEnd } from '../client/describe-end.ts';
import { getJob, isEnded } from '../client/jobs.ts';
import { printable } from '../client/printable.ts';
import { formatTable } from '../client/table.ts';
import type { Job } from '../http/routes/api/jobs/job-schema.ts';
import { readArguments } from './command-line.ts';
import { followOnTerminal, howToContinue } from './follow-on-terminal.ts';
import { exitCodeOfJob, readOne, remoteHelp, remoteOptions, withService, type Remote } from './remote.ts';

const help = `Usage: edc-job-provisioner job <id> [options]

Prints what is known of a job. The exit code says how it ended; it is 0 for one that has not.

  --follow   wait for its end
  --json     print it as the service describes it
${remoteHelp}
Example: edc-job-provisioner job flow-jwroyrlh3jlyj3a5fcv2ug6o3a --follow
`;

export async function jobCommand(args: string[]): Promise<void> {
  const read = readArguments('job', help, {
    args,
    allowPositionals: true,
    options: {
      ...remoteOptions,
      follow: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  if (read === undefined) return;
  const { values, positionals } = read;
  const id = readOne('job', 'the id of one job', positionals);
  await withService(values, async (remote) => {
    const job = values.follow
      ? await follow(remote, id)
      : await getJob(remote.client, id, remote.interruption.signal);
    process.stdout.write(values.json ? `${JSON.stringify(job, null, 2)}\n` : describeJob(job));
    // --follow has printed it.
    if (!values.follow && !values.json && isEnded(job)) process.stderr.write(describeEnd(job));
    process.exitCode = exitCodeOfJob(job);
  });
}

async function follow(remote: Remote, id: string): Promise<Job> {
  try {
    return await followOnTerminal(remote, id);
  } catch (error) {
    if (remote.interruption.received() !== undefined) process.stderr.write(howToContinue(id));
    throw error;
  }
}

function describeJob(job: Job): string {
  const labels = Object.entries(job.labels ?? {}).map(([name, value]) => `${name}=${value}`);
  const rows = [
    ['id', job.id],
    ['state', job.state],
    ['waits for', job.detail],
    ['template', job.template],
    ['asset', job.assetId],
    ['connector', job.connector],
    ['caller', job.caller],
    ['consumer', job.consumer],
    ['labels', labels.length === 0 ? undefined : labels.join(', ')],
    ['accepted', job.acceptedAt],
    ['started', job.startedAt],
    ['ended', job.endedAt],
  ];
  const known = rows.flatMap(([name = '', value]) => (value === undefined ? [] : [[name, printable(value)]]));
  return formatTable(known);
}
