import { getResults } from '../client/jobs.ts';
import { printableLine } from '../client/printable.ts';
import { formatBytes, formatTable } from '../client/table.ts';
import { readArguments, UsageError } from './command-line.ts';
import { downloadTo } from './download-to.ts';
import { readOne, remoteHelp, remoteOptions, withService } from './remote.ts';

const help = `Usage: edc-job-provisioner results <id> [options]

Lists the files of a job, or downloads them. A download that broke off continues when the command is repeated; a file gets its name
when its sha256 is right.

  -o, --output DIR  download into this folder
  --json            list them as the service describes them
${remoteHelp}
Example: edc-job-provisioner results flow-jwroyrlh3jlyj3a5fcv2ug6o3a -o results
`;

export async function resultsCommand(args: string[]): Promise<void> {
  const read = readArguments('results', help, {
    args,
    allowPositionals: true,
    options: {
      ...remoteOptions,
      output: { type: 'string', short: 'o' },
      json: { type: 'boolean', default: false },
    },
  });
  if (read === undefined) return;
  const { values, positionals } = read;
  const { output: folder, json } = values;
  const id = readOne('results', 'the id of one job', positionals);
  if (json && folder !== undefined) throw new UsageError('--json: expected no --output with it');
  await withService(values, async (remote) => {
    if (folder !== undefined) {
      await downloadTo(remote, { id, folder });
      return;
    }
    const results = await getResults(remote.client, id, remote.interruption.signal);
    const rows = results.files.map(({ path, size, modifiedAt }) => {
      return [formatBytes(size).padStart(8), modifiedAt, printableLine(path)];
    });
    process.stdout.write(
      json
        ? `${JSON.stringify(results, null, 2)}\n`
        : formatTable([['    SIZE', 'MODIFIED', 'PATH'], ...rows]),
    );
  });
}
