import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';

import type { ProcessGuard } from './process-guard.ts';

export interface Program {
  file: string;
  args: string[];
  environment: Record<string, string>;
  workingDirectory: string;
}

export interface ProcessEnd {
  /** As a container runtime reports it: 128 + signal for a killed process. */
  exitCode: number;
}

export interface ContainerProcess {
  readonly pid: number;
  readonly ended: Promise<ProcessEnd>;
  /** To the first process alone, as in a container. */
  readonly signal: (name: NodeJS.Signals) => void;
  /** Everything at once. */
  readonly kill: () => void;
}

export type Output = (stream: 'stdout' | 'stderr', chunk: Buffer) => void;

// What a process that left its group may hold the output open for.
const lastOutputMillis = 1000;

/** Starts a program as leader of its own process group. Rejects if it cannot be started. */
export async function startProcess(
  program: Program,
  output: Output,
  guard: ProcessGuard,
): Promise<ContainerProcess> {
  const child = spawn(program.file, program.args, {
    cwd: program.workingDirectory,
    env: program.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (chunk: Buffer) => {
      output(stream, chunk);
    });
    child[stream].on('error', () => undefined);
  }
  const ended = endOf(child, guard);
  await once(child, 'spawn');
  const pid = Number(child.pid);
  guard.add(pid);
  return {
    pid,
    ended,
    signal: (name) => child.kill(name),
    kill: () => {
      killGroup(child);
    },
  };
}

function endOf(child: ChildProcess, guard: ProcessGuard): Promise<ProcessEnd> {
  return new Promise((resolve) => {
    child.on('error', () => undefined);
    child.once('exit', (code, signal) => {
      // The end of a container's first process is the end of all of them.
      killGroup(child);
      guard.remove(Number(child.pid));
      const timeout = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, lastOutputMillis);
      child.once('close', () => {
        clearTimeout(timeout);
        resolve({ exitCode: code ?? 128 + (signal === null ? 0 : constants.signals[signal]) });
      });
    });
  });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Nobody left.
  }
}
