import { messageOf, ServiceError } from '../errors.ts';

/** What `parseArgs` complains of, as a sentence with the way to the command's help. */
export function readOptions<T>(command: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new ServiceError(
      'invalid-request',
      `${messageOf(cause)}\nSee edc-job-provisioner ${command} --help.`,
      {
        cause,
      },
    );
  }
}
