import { readFileSync } from 'node:fs';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { messageOf, ServiceError } from '../errors.ts';

/** An error whose exit code says what kind it is. */
export class CommandError extends ServiceError {
  readonly exitCode: number;

  constructor(message: string, { exitCode, cause }: { exitCode: number; cause?: unknown }) {
    super('invalid-request', message, { cause });
    this.exitCode = exitCode;
  }
}

/** A wrong command line: the process ends with exit code 2, as the commands of a shell do. */
export class UsageError extends CommandError {
  constructor(message: string, { cause }: { cause?: unknown } = {}) {
    super(message, { exitCode: 2, cause });
  }
}

/**
 * Options and positional arguments of a command; undefined after `--help`, whose text it prints. Throws a `UsageError` that names the
 * command's help.
 */
export function readArguments<const Config extends ParseArgsConfig>(
  command: string,
  help: string,
  config: Config,
): ReturnType<typeof parseArgs<Config>> | undefined {
  const options = { ...config.options, help: { type: 'boolean' } } as const;
  try {
    const read = parseArgs({ ...config, options });
    if ((read.values as { help?: boolean }).help !== true)
      return read as unknown as ReturnType<typeof parseArgs<Config>>;
    process.stdout.write(help);
    return undefined;
  } catch (cause) {
    throw new UsageError(`${messageOf(cause)}\nSee edc-job-provisioner ${command} --help.`, { cause });
  }
}

export function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
