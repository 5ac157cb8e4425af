import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { isServiceError, ServiceError } from '../errors.ts';
import type { DevState, DevStateFolder } from './dev-state.ts';

export interface DetachOptions {
  /** Program and arguments of the background process. */
  argv: readonly string[];
  state: DevStateFolder;
}

const startMillis = 180_000;
const endMillis = 30_000;

/**
 * Starts a process that outlives this one, and resolves with its state when it is ready. If it ends early, is not ready in time, or the
 * signal aborts, the process is ended and leaves nothing behind.
 */
export async function detachDev({ argv, state }: DetachOptions, signal: AbortSignal): Promise<DevState> {
  await state.prepare();
  await state.throwIfTaken();
  const child = await spawnDetached(argv, state.log);
  try {
    await untilReady(child, state, AbortSignal.any([signal, AbortSignal.timeout(startMillis)]));
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
async function untilReady(child: ChildProcess, state: DevStateFolder, signal: AbortSignal): Promise<void> {
  const settled = new AbortController();
  const either = { signal: AbortSignal.any([signal, settled.signal]) };
  try {
    const ready = once(child, 'message', either).then(() => true);
    const ended = once(child, 'exit', either).then(() => false);
    const isReady = await Promise.race([ready, ended]).catch(() => undefined);
    if (isReady === undefined) throw reasonOf(signal, state);
    if (!isReady) throw new ServiceError('internal', await lastLines(state.log));
  } finally {
    settled.abort();
  }
}

function reasonOf(signal: AbortSignal, { log }: DevStateFolder): Error {
  const reason: unknown = signal.reason;
  if (!(reason instanceof Error) || reason.name !== 'TimeoutError') return reason as Error;
  const text = `dev was not ready within ${startMillis / 1000} s; its log: ${log}`;
  return new ServiceError('deadline-exceeded', text, { cause: reason });
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
