import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

export interface Usage {
  /** User and system time of the process with all of its threads. */
  cpuSeconds: number;
  peakBytes: number;
}

export interface Watched {
  child: ChildProcess;
  /** The usage since its start. */
  usage(): Usage;
  /** Resolves at its end; rejects unless it exits with 0. */
  ended: Promise<Usage>;
}

const sampleMillis = 10;
const ticksPerSecond = 100;

/** Starts a program and reads its CPU time and peak memory from outside, so that all clients are measured alike. */
export function startWatched(program: string, args: string[], env: Record<string, string>): Watched {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.resume();
  const errorOutput: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errorOutput.push(text);
    if (errorOutput.length > 100) errorOutput.shift();
  });
  const last: Usage = { cpuSeconds: 0, peakBytes: 0 };
  function usage(): Usage {
    const now = readUsage(child.pid ?? 0);
    last.cpuSeconds = Math.max(last.cpuSeconds, now.cpuSeconds);
    last.peakBytes = Math.max(last.peakBytes, now.peakBytes);
    return { ...last };
  }
  const sampling = setInterval(usage, sampleMillis);
  function kill(): void {
    child.kill('SIGKILL');
  }
  // An interrupted bench leaves nothing behind.
  process.once('exit', kill);
  async function end(): Promise<Usage> {
    await once(child, 'close');
    clearInterval(sampling);
    process.off('exit', kill);
    if (child.exitCode === 0) return { ...last };
    throw new Error(
      `${program} ended with ${String(child.exitCode ?? child.signalCode)}: ${errorOutput.join('').slice(-3000)}`,
    );
  }
  const ended = end();
  ended.catch(() => undefined);
  return { child, usage, ended };
}

/** The kernel's own sums: only the last milliseconds before the end can be missed. */
function readUsage(pid: number): Usage {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kilobytes = Number(/VmHWM:\s*(\d+) kB/.exec(status)?.[1] ?? 0);
    return {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
      peakBytes: kilobytes * 1024,
    };
  } catch {
    return { cpuSeconds: 0, peakBytes: 0 };
  }
}
