import { messageOf } from '../errors.ts';
import { UsageError } from './usage-error.ts';

/** What `parseArgs` complains of, as a sentence with the way to the command's help. */
export function readOptions<T>(command: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new UsageError(`${messageOf(cause)}\nSee edc-job-provisioner ${command} --help.`, { cause });
  }
}
