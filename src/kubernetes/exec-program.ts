import { spawn, type ChildProcess } from 'node:child_process';
import { messageOf } from '../errors.ts';
import { unavailable } from './errors.ts';

export interface ExecProgram {
  command: string;
  args: readonly string[];
  /** The whole environment. */
  env: Readonly<Record<string, string | undefined>>;
  /** The kubeconfig author's advice if the program is missing. */
  installHint: string | undefined;
}

const outputLimit = 1024 * 1024;
const complaintLength = 300;

/**
 * Returns what the program writes to standard output. Throws `cluster-unavailable`, with what to do, if it is missing, fails, or has not
 * ended by the deadline; it is then killed, with the programs that it started.
 */
export async function runExecProgram(program: ExecProgram, deadline: AbortSignal): Promise<string> {
  const ended = Promise.withResolvers<string>();
  const output = { out: '', err: '' };
  function fail(what: string): void {
    ended.reject(
      unavailable(`The program "${program.command}", which gives the credentials for the cluster, ${what}`),
    );
  }
  const child = start(program);
  function onDeadline(): void {
    killGroup(child);
    fail(
      `did not end (${messageOf(deadline.reason)}) and was killed. Run it by hand: does it ask for something, or wait for a network?`,
    );
  }
  collect(child, output, () => {
    killGroup(child);
    fail(`wrote more than ${outputLimit} bytes and was killed.`);
  });
  child.on('error', (error) => {
    fail(describeStart(error, program));
  });
  child.on('close', (code, signal) => {
    if (code === 0) ended.resolve(output.out);
    else fail(`ended with ${code ?? signal ?? 'an error'}: ${lastWords(output.err)}`);
  });
  deadline.addEventListener('abort', onDeadline, { once: true });
  if (deadline.aborted) onDeadline();
  try {
    return await ended.promise;
  } finally {
    deadline.removeEventListener('abort', onDeadline);
  }
}

/** In its own process group, so that the programs that a script starts are killed with it. */
function start({ command, args, env }: ExecProgram): ChildProcess {
  return spawn(command, [...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
  });
}

function collect(child: ChildProcess, output: { out: string; err: string }, onTooMuch: () => void): void {
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output.out += text;
    if (output.out.length > outputLimit) onTooMuch();
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output.err = (output.err + text).slice(-complaintLength * 4);
  });
  // The end of the program shows what a broken pipe lost.
  for (const stream of [child.stdout, child.stderr]) stream?.on('error', () => undefined);
}

function killGroup(child: ChildProcess): void {
  // A program that it left behind may hold the pipes open.
  child.stdout?.destroy();
  child.stderr?.destroy();
  if (child.pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

function describeStart(error: Error, { installHint }: ExecProgram): string {
  const missing = 'code' in error && error.code === 'ENOENT';
  const what = missing ? 'was not found' : `cannot be started: ${error.message}`;
  const hint = installHint === undefined ? '' : ` (${installHint.trim().slice(0, complaintLength)})`;
  return `${what}. Install it on the PATH of this service${hint}, or name another user in the kubeconfig.`;
}

function lastWords(text: string): string {
  const words = text.trim().replace(/\s+/g, ' ').slice(-complaintLength);
  return words === '' ? 'it said nothing on standard error' : words;
}
