import { readFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import type { ApiClient } from '../client/api-client.ts';
import { cancelJob, dryRunJob, startJob } from '../client/jobs.ts';
import { printable } from '../client/printable.ts';
import { messageOf } from '../errors.ts';
import type { StartBody } from '../http/routes/api/jobs/job-schema.ts';
import { readGivenDotenv } from '../template/read/read-given-dotenv.ts';
import { readArguments, UsageError } from './command-line.ts';
import { downloadTo } from './download-to.ts';
import { followOnTerminal, howToContinue } from './follow-on-terminal.ts';
import { readPairs } from './pairs.ts';
import { exitCodeOfJob, readOne, remoteHelp, remoteOptions, withService, type Remote } from './remote.ts';

const help = `Usage: edc-job-provisioner run <template> [options]

Starts a job and prints its id.

  --param NAME=VALUE  a parameter of the template; may be repeated
  --env-file FILE     a dotenv file: variables of the template, and parameters by their name
  --asset ID          whose parameters to use (default: the template's first asset)
  --label NAME=VALUE  a label of the Kubernetes Job: lists can be filtered by it; may be repeated
  --priority P        of jobs that wait for their turn, higher ones start first: a number, or a name of the settings
  --dry-run           check everything, with the cluster too, print the Job as YAML, and start nothing
  --follow            print the log of the job until its end; the exit code says how it ended
  -o, --output DIR    follow, and download the results into this folder
  --cancel-on-exit    follow, and cancel the job on Ctrl-C; otherwise the job goes on
${remoteHelp}
Example: edc-job-provisioner run seattle-weather --param YEAR=2014 -o results
`;

interface Wanted {
  body: StartBody;
  follow: boolean;
  withLog: boolean;
  output: string | undefined;
  cancelOnExit: boolean;
}

export async function runCommand(args: string[]): Promise<void> {
  const read = readArguments('run', help, {
    args,
    allowPositionals: true,
    options: {
      ...remoteOptions,
      param: { type: 'string', multiple: true, default: [] },
      'env-file': { type: 'string' },
      asset: { type: 'string' },
      label: { type: 'string', multiple: true, default: [] },
      priority: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      follow: { type: 'boolean', default: false },
      output: { type: 'string', short: 'o' },
      'cancel-on-exit': { type: 'boolean', default: false },
    },
  });
  if (read === undefined) return;
  const { values, positionals } = read;
  const { asset: assetId, output, 'cancel-on-exit': cancelOnExit } = values;
  const body = {
    template: readOne('run', 'the name of one template', positionals),
    ...(assetId === undefined ? {} : { assetId }),
    parameters: readPairs('param', values.param),
    ...(await readEnvironment(values['env-file'])),
    labels: readPairs('label', values.label),
    ...(values.priority === undefined ? {} : { priority: readPriority(values.priority) }),
  };
  const follow = values.follow || cancelOnExit || output !== undefined;
  if (values['dry-run']) {
    if (follow) throw new UsageError('expected --dry-run without --follow, --output and --cancel-on-exit');
    await withService(values, (remote) => dryRun(remote, body));
    return;
  }
  const wanted = { body, follow, withLog: values.follow, output, cancelOnExit };
  await withService(values, (remote) => run(remote, wanted));
}

async function readEnvironment(file: string | undefined): Promise<Pick<StartBody, 'environment'>> {
  if (file === undefined) return {};
  try {
    return { environment: readGivenDotenv(file, await readFile(file, 'utf8')) };
  } catch (error) {
    throw new UsageError(`--env-file: ${messageOf(error)}`);
  }
}

async function run(remote: Remote, { body, follow, withLog, output, cancelOnExit }: Wanted): Promise<void> {
  const id = await start(remote, body);
  process.stdout.write(`${id}\n`);
  if (!follow) return;
  try {
    const job = await followOnTerminal(remote, id, { withLog });
    process.exitCode = exitCodeOfJob(job);
  } catch (error) {
    const isInterrupted = remote.interruption.received() !== undefined;
    if (isInterrupted && cancelOnExit) await cancelAtEnd(remote.client, id);
    else process.stderr.write(howToContinue(id));
    throw error;
  }
  if (output !== undefined && process.exitCode === 0) await downloadTo(remote, { id, folder: output });
}

async function dryRun({ client, interruption }: Remote, body: StartBody): Promise<void> {
  const { checks, job } = await dryRunJob(client, body, interruption.signal);
  for (const { check, detail } of checks) process.stderr.write(`${check}: ${printable(detail)}\n`);
  process.stdout.write(stringify(job, { lineWidth: 0 }));
}

async function start({ client, interruption }: Remote, body: StartBody): Promise<string> {
  try {
    const { id } = await startJob(client, body, interruption.signal);
    return id;
  } catch (error) {
    if (interruption.received() !== undefined)
      process.stderr.write('It is not known whether the job was started: see edc-job-provisioner jobs\n');
    throw error;
  }
}

/** The interruption has aborted its signal already; a second one ends the process. */
async function cancelAtEnd(client: ApiClient, id: string): Promise<void> {
  try {
    await cancelJob(client, id, new AbortController().signal);
    process.stderr.write(`${id} will be cancelled\n`);
  } catch (error) {
    process.stderr.write(`${id} could not be cancelled: ${messageOf(error)}\n`);
  }
}

function readPriority(text: string): number | string {
  return /^-?\d+$/.test(text) ? Number(text) : text;
}
