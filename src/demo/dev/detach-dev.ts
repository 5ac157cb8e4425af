import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { isServiceError, ServiceError } from '../../errors.ts';
import type { DevState, DevStateFolder } from './state-folder.ts';

const startMillis = 180_000;
const endMillis = 30_000;

/**
 * Starts the program with its arguments as a process that outlives this one, and resolves with its state when it is ready. If it ends early, is not ready in time, or the
 * signal aborts, the process is ended and leaves nothing behind.
 */
export async function detachDev(
  argv: readonly string[],
  state: DevStateFolder,
  signal: AbortSignal,
): Promise<DevState> {
  await state.prepare();
  const child = await spawnDetached(argv, state.log);
  try {
    await untilReady(child, state.log, signal);
  } catch (error) {
    await end(child);
    if (!isServiceError(error, 'deadline-exceeded')) await state.clear();
    throw error;
  }
  child.disconnect();
  child.unref();
  const known = await state.load();
  if (known === undefined) throw new ServiceError('internal', `dev has ended; its log: ${state.log}`);
  return known;
}

async function spawnDetached(
  [program = '', ...args]: readonly string[],
  path: string,
): Promise<ChildProcess> {
  const log = await open(path, 'w', 0o600);
  try {
    const child = spawn(program, args, { detached: true, stdio: ['ignore', log.fd, log.fd, 'ipc'] });
    await once(child, 'spawn');
    return child;
  } finally {
    await log.close();
  }
}

/** The process sends one message when it is ready. */
async function untilReady(child: ChildProcess, log: string, signal: AbortSignal): Promise<void> {
  const timeout = AbortSignal.timeout(startMillis);
  const exited = new AbortController();
  child.once('exit', () => {
    exited.abort();
  });
  try {
    await once(child, 'message', { signal: AbortSignal.any([signal, timeout, exited.signal]) });
  } catch (error) {
    signal.throwIfAborted();
    if (exited.signal.aborted) throw new ServiceError('internal', await lastLines(log));
    const text = `dev was not ready within ${startMillis / 1000} s; its log: ${log}`;
    throw timeout.aborted ? new ServiceError('deadline-exceeded', text, { cause: error }) : error;
  }
}

/** The sentences in its log; without any, the log's last lines. */
async function lastLines(path: string): Promise<string> {
  const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
  const sentences = lines.filter((line) => !line.startsWith('{'));
  const text = (sentences.length > 0 ? sentences : lines).slice(-20).join('\n');
  return text.replace(/^edc-job-provisioner dev: /, '') || 'dev ended before it was ready';
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), endMillis);
  await ended;
  clearTimeout(timer);
}
