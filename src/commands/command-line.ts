import { messageOf, ServiceError } from '../errors.ts';

/** What `parseArgs` complains of, as a sentence with the way to the command's help. */
export function readOptions<T>(command: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new UsageError(`${messageOf(cause)}\nSee edc-job-provisioner ${command} --help.`, { cause });
  }
}

/** A command line that cannot be used: its process ends with exit code 2, as a shell's own commands do. */
export class UsageError extends ServiceError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('invalid-request', message, options);
  }
}
