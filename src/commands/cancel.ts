import { cancelJob } from '../client/jobs.ts';
import { readArguments } from './command-line.ts';
import { readOne, remoteHelp, remoteOptions, withService } from './remote.ts';

const help = `Usage: edc-job-provisioner cancel <id> [options]

Cancels a job; a repeat changes nothing. A job that has ended otherwise is an error.

${remoteHelp}
Example: edc-job-provisioner cancel flow-jwroyrlh3jlyj3a5fcv2ug6o3a
`;

export async function cancelCommand(args: string[]): Promise<void> {
  const read = readArguments('cancel', help, { args, allowPositionals: true, options: remoteOptions });
  if (read === undefined) return;
  const id = readOne('cancel', 'the id of one job', read.positionals);
  await withService(read.values, async ({ client, interruption }) => {
    const { state } = await cancelJob(client, id, interruption.signal);
    process.stderr.write(`${id} ${state === 'cancelled' ? 'is cancelled' : 'will be cancelled'}\n`);
  });
}
