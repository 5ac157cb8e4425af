import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const killAfterMillis = 15_000;

/**
 * Runs a command in a process group of its own and resolves with its exit code; `output` may be a file's descriptor. When the
 * signal aborts, the group gets SIGTERM, and SIGKILL after 15 seconds.
 */
export async function runInGroup(
  command: readonly [string, ...string[]],
  { env, output = 'inherit' }: { env: Record<string, string | undefined>; output?: 'inherit' | number },
  signal: AbortSignal,
): Promise<number> {
  signal.throwIfAborted();
  const [program, ...args] = command;
  const child = spawn(program, args, { env, stdio: ['ignore', output, output], detached: true });
  let timer: NodeJS.Timeout | undefined;
  function end(): void {
    killGroup(child, 'SIGTERM');
    timer = setTimeout(() => {
      killGroup(child, 'SIGKILL');
    }, killAfterMillis);
  }
  signal.addEventListener('abort', end, { once: true });
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? 1;
  } finally {
    signal.removeEventListener('abort', end);
    clearTimeout(timer);
    // A process that was killed may have left children.
    killGroup(child, 'SIGKILL');
  }
}

function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A signal that SIGINT and SIGTERM abort. The second SIGINT must not end the process: Ctrl-C comes from the terminal and from npm. */
export function abortOnSignals(): AbortSignal {
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      interruption.abort(new Error(`interrupted by ${signal}`));
    });
  return interruption.signal;
}
