import { retryJob } from '../client/jobs.ts';
import { readArguments } from './command-line.ts';
import { readPairs } from './pairs.ts';
import { readOne, remoteHelp, remoteOptions, withService } from './remote.ts';

const help = `Usage: edc-job-provisioner retry <id> [options]

Starts a job that has ended again, with its template, parameters and labels, and prints the id of the new one.

  --param NAME=VALUE  a parameter that the job does not keep: secret, or large; may be repeated
${remoteHelp}
Example: edc-job-provisioner retry flow-jwroyrlh3jlyj3a5fcv2ug6o3a
`;

export async function retryCommand(args: string[]): Promise<void> {
  const read = readArguments('retry', help, {
    args,
    allowPositionals: true,
    options: { ...remoteOptions, param: { type: 'string', multiple: true, default: [] } },
  });
  if (read === undefined) return;
  const { values, positionals } = read;
  const wanted = {
    id: readOne('retry', 'the id of one job', positionals),
    parameters: readPairs('param', values.param),
  };
  await withService(values, async ({ client, interruption }) => {
    const { id } = await retryJob(client, wanted, interruption.signal);
    process.stdout.write(`${id}\n`);
  });
}
