import { startProcess } from './container-process.ts';
import type { Program } from './container-process.ts';
import type { Probe } from './pod.ts';
import type { ProcessGuard } from './process-guard.ts';
import { pause } from './wait.ts';

export interface ProbeRun {
  probe: Probe;
  program: Program;
  guard: ProcessGuard;
  /** Told about each try that failed. */
  readonly onFailure: () => void;
}

// Uncounted tries within the first period: most programs are up long before a real kubelet would look again.
const eagerMillis = [50, 100, 200, 400];

/** Runs the probe until it has passed or failed as often as it says; `over` means the signal aborted before. */
export async function awaitStartup(
  { probe, program, guard, onFailure }: ProbeRun,
  signal: AbortSignal,
): Promise<'passed' | 'failed' | 'over'> {
  let passes = 0;
  let failures = 0;
  await pause((probe.initialDelaySeconds ?? 0) * 1000, signal);
  const timeoutMillis = probe.timeoutSeconds * 1000;
  if (probe.successThreshold === 1 && (await passesEarly({ program, timeoutMillis, guard }, signal))) {
    return 'passed';
  }
  while (!signal.aborted) {
    if (await passesOnce({ program, timeoutMillis, guard })) {
      passes += 1;
      failures = 0;
      if (passes >= probe.successThreshold) return 'passed';
    } else {
      failures += 1;
      passes = 0;
      onFailure();
      if (failures >= probe.failureThreshold) return 'failed';
    }
    await pause(probe.periodSeconds * 1000, signal);
  }
  return 'over';
}

interface Try {
  program: Program;
  timeoutMillis: number;
  guard: ProcessGuard;
}

async function passesEarly(probing: Try, signal: AbortSignal): Promise<boolean> {
  for (const millis of eagerMillis) {
    if (!(await pause(millis, signal))) return false;
    if (await passesOnce(probing)) return true;
  }
  return false;
}

async function passesOnce({ program, timeoutMillis, guard }: Try): Promise<boolean> {
  try {
    const process = await startProcess(program, () => undefined, guard);
    const timeout = setTimeout(process.kill, timeoutMillis);
    const { exitCode } = await process.ended;
    clearTimeout(timeout);
    return exitCode === 0;
  } catch {
    return false;
  }
}
