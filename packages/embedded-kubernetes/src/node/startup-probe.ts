import type { Probe } from '../objects/pod.ts';
import { pause } from '../objects/timers.ts';
import { type Program, startProcess } from './container-process.ts';
import type { ProcessGuard } from './process-guard.ts';

export interface ProbeRun {
  probe: Probe;
  program: Program;
  guard: ProcessGuard;
  /** Called for each try that failed. */
  readonly onFailure: () => void;
}

// Uncounted tries within the first period: most programs are up long before a real kubelet would look again.
const eagerMillis = [50, 100, 200, 400];

/** Runs the probe until it has passed or failed as often as it says; `over` means the signal aborted before. */
export async function awaitStartup(
  run: ProbeRun,
  signal: AbortSignal,
): Promise<'passed' | 'failed' | 'over'> {
  const { probe, onFailure } = run;
  await pause((probe.initialDelaySeconds ?? 0) * 1000, signal);
  for (const millis of probe.successThreshold === 1 ? eagerMillis : []) {
    if ((await pause(millis, signal)) && (await passesOnce(run))) return 'passed';
  }
  for (let passes = 0, failures = 0; !signal.aborted; await pause(probe.periodSeconds * 1000, signal)) {
    if (await passesOnce(run)) {
      passes += 1;
      failures = 0;
      if (passes >= probe.successThreshold) return 'passed';
    } else {
      failures += 1;
      passes = 0;
      onFailure();
      if (failures >= probe.failureThreshold) return 'failed';
    }
  }
  return 'over';
}

async function passesOnce({ program, probe, guard }: ProbeRun): Promise<boolean> {
  try {
    const process = await startProcess(program, () => undefined, guard);
    const timeout = setTimeout(process.kill, probe.timeoutSeconds * 1000);
    const { exitCode } = await process.ended;
    clearTimeout(timeout);
    return exitCode === 0;
  } catch {
    return false;
  }
}
