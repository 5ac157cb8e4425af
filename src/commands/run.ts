import { readFile, stat } from 'node:fs/promises';
import { stringify } from 'yaml';
import type { ApiClient } from '../client/api-client.ts';
import { cancelJob, dryRunJob, startJob } from '../client/jobs.ts';
import { printable } from '../client/printable.ts';
import { uploadFile } from '../client/upload-file.ts';
import { messageOf } from '../errors.ts';
import type { StartBody } from '../http/routes/api/jobs/job-schema.ts';
import { readGivenDotenv } from '../template/read/read-given-dotenv.ts';
import { mergeStarts, readJobConf } from '../template/read/read-job-conf.ts';
import { readArguments, UsageError } from './command-line.ts';
import { downloadTo } from './download-to.ts';
import { followOnTerminal, howToContinue } from './follow-on-terminal.ts';
import { readPairs } from './pairs.ts';
import { exitCodeOfJob, readOne, remoteHelp, remoteOptions, withService, type Remote } from './remote.ts';

const help = `Usage: edc-job-provisioner run <template> [options]
       edc-job-provisioner run --job-conf FILE [options]

Starts a job and prints its id.

  --job-conf FILE     YAML or JSON with the members of a job: template, parameters, …; other options win over it
  --param NAME=VALUE  a parameter of the template; may be repeated
  --input NAME=FILE   a file for an input of the template, which is sent before; may be repeated
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

interface WantedStart {
  body: StartBody;
  /** By input. */
  files: Record<string, string>;
}

interface Wanted extends WantedStart {
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
      'job-conf': { type: 'string' },
      param: { type: 'string', multiple: true, default: [] },
      input: { type: 'string', multiple: true, default: [] },
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
  const { output, 'cancel-on-exit': cancelOnExit } = values;
  const body = await readBody(values, positionals);
  const files = await readInputs(values.input);
  const follow = values.follow || cancelOnExit || output !== undefined;
  if (values['dry-run']) {
    if (follow) throw new UsageError('expected --dry-run without --follow, --output and --cancel-on-exit');
    await withService(values, (remote) => dryRun(remote, { body, files }));
    return;
  }
  const wanted = { body, files, follow, withLog: values.follow, output, cancelOnExit };
  await withService(values, (remote) => run(remote, wanted));
}

interface BodyOptions {
  asset?: string | undefined;
  param: string[];
  'job-conf'?: string | undefined;
  'env-file'?: string | undefined;
  label: string[];
  priority?: string | undefined;
}

/** Options go before the job configuration. The service checks the whole. */
async function readBody(values: BodyOptions, positionals: readonly string[]): Promise<StartBody> {
  const conf = await readFileWith(readJobConf, { option: 'job-conf', file: values['job-conf'] });
  const isNamed = positionals.length > 0 || !('template' in (conf ?? {}));
  const template = isNamed ? readOne('run', 'the name of one template', positionals) : undefined;
  const environment = await readFileWith(readGivenDotenv, { option: 'env-file', file: values['env-file'] });
  const { asset: assetId, priority } = values;
  const options = {
    ...{
      template,
      assetId,
      environment,
      priority: priority === undefined ? undefined : readPriority(priority),
    },
    ...{ parameters: readPairs('param', values.param), labels: readPairs('label', values.label) },
  };
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return mergeStarts(conf ?? {}, Object.fromEntries(given)) as StartBody;
}

async function readFileWith<Content>(
  read: (file: string, text: string) => Content,
  { option, file }: { option: string; file: string | undefined },
): Promise<Content | undefined> {
  if (file === undefined) return undefined;
  try {
    return read(file, await readFile(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`--${option}: ${messageOf(error)}`);
  }
}

/** Checks all files before the first is sent. */
async function readInputs(pairs: readonly string[]): Promise<Record<string, string>> {
  const files = readPairs('input', pairs);
  for (const [name, path] of Object.entries(files)) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() !== true)
      throw new UsageError(`--input: ${name}: expected a file, received "${path}"`);
  }
  return files;
}

async function run(
  remote: Remote,
  { follow, withLog, output, cancelOnExit, ...wanted }: Wanted,
): Promise<void> {
  const id = await start(remote, wanted);
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

async function dryRun(remote: Remote, wanted: WantedStart): Promise<void> {
  const { client, interruption } = remote;
  const body = await withInputs(remote, wanted);
  const { checks, job } = await dryRunJob(client, body, interruption.signal);
  for (const { check, detail } of checks) process.stderr.write(`${check}: ${printable(detail)}\n`);
  process.stdout.write(stringify(job, { lineWidth: 0 }));
}

/** The service deletes what it was sent and no job uses. */
async function withInputs(
  { client, interruption }: Remote,
  { body, files }: WantedStart,
): Promise<StartBody> {
  const inputs: NonNullable<StartBody['inputs']> = {};
  for (const [name, path] of Object.entries(files)) {
    const { id: upload, size } = await uploadFile(client, path, interruption.signal);
    process.stderr.write(`${printable(path)}: ${size} bytes sent as ${upload}\n`);
    inputs[name] = { upload };
  }
  return { ...body, ...(Object.keys(inputs).length === 0 ? {} : { inputs }) };
}

async function start(remote: Remote, wanted: WantedStart): Promise<string> {
  const { client, interruption } = remote;
  const body = await withInputs(remote, wanted);
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
