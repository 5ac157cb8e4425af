import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const patienceMillis = 15_000;

/**
 * Runs a command in a process group of its own and resolves with its exit code; `output` may be a file's descriptor. When the signal
 * aborts, all of the group is asked to end, and killed when it does not.
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
    }, patienceMillis);
  }
  signal.addEventListener('abort', end, { once: true });
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? 1;
  } finally {
    signal.removeEventListener('abort', end);
    clearTimeout(timer);
    // What a process that was killed has left of its own children.
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
