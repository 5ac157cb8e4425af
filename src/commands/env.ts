import { readFile } from 'node:fs/promises';
import { deleteEnvFile, getEnvFile, putEnvFile, type EnvFileOf } from '../client/env-files.ts';
import { printable, printableLine } from '../client/printable.ts';
import { messageOf } from '../errors.ts';
import type { EnvFileDescription } from '../http/routes/api/supply/env-file-schema.ts';
import { readArguments, UsageError } from './command-line.ts';
import { remoteHelp, remoteOptions, withService, type Remote } from './remote.ts';

const help = `Usage: edc-job-provisioner env get|put|delete <connector> <asset> [options]

Prints, hands in or deletes the env file of an asset: variables that its next job gets. <connector> is a connector of the
service, or rest for jobs that people start.

  --consumer ID    the file of one consumer of the asset (the policy's assignee) instead of the one for all
  --file FILE      put: the dotenv file (default: standard input)
  --secret         put: its values are secret, and get does not print them
  --template NAME  put: the template to check it against (default: the one that serves the asset)
  --version N      get: a former version (default: the current one)
  --json           get: print it as the service describes it
${remoteHelp}
Example: edc-job-provisioner env put provider urn:asset:carla --file town.env
`;

const options = {
  ...remoteOptions,
  consumer: { type: 'string' },
  file: { type: 'string' },
  secret: { type: 'boolean' },
  template: { type: 'string' },
  version: { type: 'string' },
  json: { type: 'boolean' },
} as const;

interface Values {
  consumer?: string;
  file?: string;
  secret?: boolean;
  template?: string;
  version?: string;
  json?: boolean;
  url?: string;
}

interface Action {
  /** Its options beside those of all. */
  takes: (keyof Values)[];
  act: (owner: EnvFileOf, values: Values) => Promise<void>;
}

const actions: Record<string, Action> = {
  get: { takes: ['version', 'json'], act: get },
  put: { takes: ['file', 'secret', 'template'], act: put },
  delete: { takes: [], act: remove },
};

export async function envCommand(args: string[]): Promise<void> {
  const read = readArguments('env', help, { args, allowPositionals: true, options });
  if (read === undefined) return;
  const { takes, act, owner } = readAction(read.positionals);
  const values: Values = read.values;
  const allowed = ['url', 'consumer', ...takes];
  const other = Object.keys(values).find((one) => !allowed.includes(one));
  if (other !== undefined)
    throw new UsageError(`--${other}: expected no such option with ${read.positionals[0] ?? ''}`);
  await act({ ...owner, consumer: values.consumer }, values);
}

function readAction(positionals: readonly string[]): Action & { owner: EnvFileOf } {
  const [name = '', connector = '', assetId = ''] = positionals;
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action !== undefined && connector !== '' && assetId !== '' && positionals.length === 3)
    return { ...action, owner: { connector, assetId } };
  throw new UsageError(
    `expected get, put or delete, a connector and an asset, received ${positionals.join(' ') || 'none'}\nSee edc-job-provisioner env --help.`,
  );
}

async function get(owner: EnvFileOf, values: Values): Promise<void> {
  await withService(values, async ({ client, interruption: { signal } }) => {
    const file = await getEnvFile(client, { ...owner, version: values.version }, signal);
    if (values.json === true) process.stdout.write(`${JSON.stringify(file, null, 2)}\n`);
    else show(file);
  });
}

function show({ content, names, version }: EnvFileDescription): void {
  if (content !== undefined) process.stdout.write(isTerminal() ? printable(content) : content);
  else {
    const shown = names.map(printableLine).join(', ');
    process.stderr.write(`version ${version} is secret; its variables are ${shown}\n`);
  }
}

function isTerminal(): boolean {
  return process.stdout.isTTY;
}

async function put(owner: EnvFileOf, values: Values): Promise<void> {
  const bytes = await readGiven(values.file);
  const { secret = false, template } = values;
  await withService(values, async ({ client, interruption: { signal } }: Remote) => {
    const file = await putEnvFile(client, { owner, bytes, secret, template }, signal);
    const { version, names } = file;
    process.stderr.write(`version ${version} has ${names.map(printableLine).join(', ')}\n`);
  });
}

/** Larger than any env file that a service takes. */
const limitBytes = 1024 * 1024;

async function readGiven(file: string | undefined): Promise<Buffer> {
  try {
    if (file !== undefined && file !== '-') return checked(await readFile(file));
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      checked(Buffer.concat(chunks));
    }
    return Buffer.concat(chunks);
  } catch (cause) {
    throw new UsageError(`--file: ${messageOf(cause)}`, { cause });
  }
}

function checked(bytes: Buffer): Buffer {
  if (bytes.length <= limitBytes) return bytes;
  throw new UsageError(`expected at most ${limitBytes} bytes`);
}

async function remove(owner: EnvFileOf, values: Values): Promise<void> {
  await withService(values, async ({ client, interruption: { signal } }) => {
    await deleteEnvFile(client, owner, signal);
    process.stderr.write('the env file and all its versions are deleted\n');
  });
}
