import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** A child whose memory is read from outside, so that the measurement costs it nothing; NaN elsewhere than on Linux. */
export interface MeasuredProcess {
  child: ChildProcess;
  memory(): { restBytes: number; peakBytes: number };
  /** Sends the signal, waits for the end and returns exit code, standard output and peak memory. */
  end(signal?: NodeJS.Signals): Promise<{ code: number | null; peakBytes: number; output: string }>;
}

const sampleMillis = 20;

export function startMeasured(args: string[], env: Record<string, string>): MeasuredProcess {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text));
  const lines: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => lines.push(text));
  let peakBytes = 0;
  function memory(): { restBytes: number; peakBytes: number } {
    const now = readMemory(child.pid ?? 0);
    peakBytes = Math.max(peakBytes, now.peakBytes);
    return { ...now, peakBytes };
  }
  const sampling = setInterval(memory, sampleMillis);
  const ended = once(child, 'close');
  void ended.finally(() => {
    clearInterval(sampling);
  });
  return {
    child,
    memory,
    async end(signal) {
      if (signal !== undefined) child.kill(signal);
      await ended;
      if (child.exitCode !== 0 && child.signalCode === null) process.stderr.write(lines.join(''));
      return { code: child.exitCode, peakBytes, output: output.join('') };
    },
  };
}

/** Reads the kernel's high-water mark: only the last milliseconds before the end can be missed. */
export function readMemory(pid: number): { restBytes: number; peakBytes: number } {
  if (process.platform !== 'linux') return { restBytes: NaN, peakBytes: NaN };
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return { restBytes: kilobytes(status, 'VmRSS'), peakBytes: kilobytes(status, 'VmHWM') };
  } catch {
    return { restBytes: 0, peakBytes: 0 };
  }
}

function kilobytes(status: string, name: string): number {
  return Number(new RegExp(`${name}:\\s*(\\d+) kB`).exec(status)?.[1] ?? 0) * 1024;
}

/** Waits for a file by events of the file system. Throws when the process ends first. */
export async function untilFile(path: string, child: ChildProcess, deadlineMillis = 60_000): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  function check(): void {
    if (existsSync(path)) resolve(undefined);
  }
  function onClose(): void {
    reject(new Error(`the process ended before it wrote ${path}`));
  }
  const watcher = watch(dirname(path), (_, name) => {
    if (name === basename(path)) check();
  });
  const timer = setTimeout(() => {
    reject(new Error(`${path} was not written within ${deadlineMillis} ms`));
  }, deadlineMillis);
  child.once('close', onClose);
  try {
    check();
    await promise;
  } finally {
    watcher.close();
    clearTimeout(timer);
    child.off('close', onClose);
  }
}
