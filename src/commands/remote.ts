import { ApiClient } from '../client/api-client.ts';
import { readAddress } from '../client/address.ts';
import type { Job } from '../http/routes/api/jobs/job-schema.ts';
import { processEnvironment } from '../config/config.ts';
import { isServiceError, messageOf } from '../errors.ts';
import { CommandError, UsageError } from './command-line.ts';
import { exitCodeOf, listenForInterruption, type Interruption } from './signals.ts';

/** Exit codes of the commands that call a service; docs/command-line.md has them as well. */
const exitCodes = { failed: 3, cancelled: 4, unreachable: 5 };

export const remoteOptions = { url: { type: 'string' } } as const;

export const remoteHelp = `  --url URL  address of the service (default: EDC_JP_URL, else http://localhost:8080)
  --help     print this

EDC_JP_API_KEY holds the key, if the service wants one.
`;

export interface Remote {
  client: ApiClient;
  interruption: Interruption;
}

/** Calls the service until `act` returns. Ctrl-C sets the exit code; a service that does not answer is an error with its own. */
export async function withService(
  { url }: { url?: string | undefined },
  act: (remote: Remote) => Promise<void>,
): Promise<void> {
  process.stdout.on('error', onOutputError);
  using interruption = listenForInterruption();
  await using client = createClient(url);
  try {
    await act({ client, interruption });
  } catch (error) {
    const received = interruption.received();
    if (received !== undefined) {
      process.exitCode = exitCodeOf(received);
      return;
    }
    if (!isServiceError(error, 'unavailable')) throw error;
    throw new CommandError(messageOf(error), { cause: error, exitCode: exitCodes.unreachable });
  }
}

/** `jobs | head` closes the output early, which is not an error. */
function onOutputError(error: Error): void {
  if ('code' in error && error.code === 'EPIPE') return;
  process.exitCode = 1;
  process.stderr.write(`standard output: ${error.message}\n`);
}

function createClient(url: string | undefined): ApiClient {
  const env = processEnvironment();
  const key = env['EDC_JP_API_KEY'];
  return new ApiClient({
    address: addressOf(url, env['EDC_JP_URL']),
    key: key === '' ? undefined : key,
    patience: {
      millis: 60_000,
      backOff: { firstMillis: 250, maxMillis: 5000 },
      onWait(problem) {
        process.stderr.write(`${problem}; trying again\n`);
      },
    },
  });
}

function addressOf(option: string | undefined, variable: string | undefined): string {
  try {
    if (option !== undefined) return readAddress({ source: '--url', text: option });
    if (variable !== undefined && variable !== '')
      return readAddress({ source: 'EDC_JP_URL', text: variable });
    return 'http://localhost:8080';
  } catch (cause) {
    throw new UsageError(messageOf(cause), { cause });
  }
}

/** That of the outcome; 0 for a job that has not ended. */
export function exitCodeOfJob({ state }: Job): number {
  if (state === 'failed') return exitCodes.failed;
  return state === 'cancelled' ? exitCodes.cancelled : 0;
}

/** The one positional argument of a command. */
export function readOne(command: string, what: string, positionals: readonly string[]): string {
  const [one] = positionals;
  if (one !== undefined && one !== '' && positionals.length === 1) return one;
  throw new UsageError(
    `expected ${what}, received ${positionals.join(' ') || 'none'}\nSee edc-job-provisioner ${command} --help.`,
  );
}
