import type { Container, Termination } from '../objects/pod.ts';
import { parseQuantity } from '../objects/quantity.ts';
import { timestamp } from '../objects/timestamp.ts';
import type { ContainerPrograms } from './build-program.ts';
import type { ContainerLog } from './container-log.ts';
import { type ContainerProcess, type Program, startProcess } from './container-process.ts';
import type { StatusKeeper } from './container-status.ts';
import type { NodeContext } from './context.ts';
import { StartError } from './find-program.ts';
import { awaitStartup } from './startup-probe.ts';
import { clearTerminationMessage, readTerminationMessage } from './termination-message.ts';

export interface Run {
  context: NodeContext;
  container: Container;
  isInit: boolean;
  /** What a container gets to end that failed its startup probe. */
  graceSeconds: number;
  programs: ContainerPrograms;
  keeper: StatusKeeper;
  log: ContainerLog;
  readonly note: (type: 'Normal' | 'Warning', reason: string, message: string) => void;
  /** Called with the process when it starts, and with undefined when it has ended. */
  readonly onProcess: (process: Promise<ContainerProcess> | undefined) => void;
  readonly onStarted: () => void;
}

const notStarted = 128;

/** Runs a container from its start to its end; answers the exit code. The signal ends its startup probe. */
export async function runOnce(run: Run, stopping: AbortSignal): Promise<number> {
  const { keeper, context, log } = run;
  const startedAt = timestamp(context.now());
  clearTerminationMessage(run.programs.terminationMessageFile);
  const over = new AbortController();
  let end: Termination;
  try {
    const main = run.programs.main();
    const probe = probeProgram(run);
    const process = await begin(run, main);
    run.note('Normal', 'Started', `Started container ${run.container.name}`);
    keeper.run(startedAt);
    const probing = watchStartup({ ...run, process, probe }, AbortSignal.any([over.signal, stopping]));
    const memory = context.memory.watch(process.pid, memoryLimit(run.container));
    const { exitCode } = await process.ended;
    context.memory.release(memory);
    log.end();
    over.abort();
    await probing;
    end = endOf(run, exitCode, memory.wasExceeded);
  } catch (error) {
    log.end();
    end = startFailure(run, error);
  }
  run.onProcess(undefined);
  keeper.terminate({ startedAt, ...end, finishedAt: timestamp(context.now()) });
  return end.exitCode;
}

function begin({ context, log, onProcess }: Run, program: Program): Promise<ContainerProcess> {
  const starting = startProcess(
    program,
    (stream, chunk) => {
      log.append(stream, chunk);
    },
    context.guard,
  );
  onProcess(starting);
  return starting;
}

function memoryLimit({ resources }: Container): number {
  const limit = resources?.limits?.['memory'];
  return limit === undefined ? Infinity : parseQuantity(limit);
}

function endOf({ programs, container, log }: Run, exitCode: number, outOfMemory: boolean): Termination {
  const message = readTerminationMessage(programs.terminationMessageFile, { container, exitCode, log });
  return {
    exitCode,
    // A child that was killed shows in the reason, though its parent may have ended well.
    reason: outOfMemory ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error',
    ...(message === '' ? {} : { message }),
  };
}

function startFailure({ note }: Run, error: unknown): Termination {
  const why = error instanceof Error ? error.message : String(error);
  const known = error instanceof StartError ? '' : 'starting the process: ';
  const message = `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ${known}${why}: unknown`;
  note('Warning', 'Failed', `Error: ${message}`);
  return { exitCode: notStarted, reason: 'StartError', message, startedAt: '1970-01-01T00:00:00Z' };
}

/** A startup probe that fails too often ends the container; its policy then decides whether it starts again. */
async function watchStartup(
  run: Run & { process: ContainerProcess; probe: Program | undefined },
  over: AbortSignal,
): Promise<void> {
  const { container, context, keeper, note } = run;
  const { startupProbe } = container;
  const result =
    startupProbe && run.probe
      ? await awaitStartup(
          {
            probe: startupProbe,
            program: run.probe,
            guard: context.guard,
            onFailure: () => {
              note('Warning', 'Unhealthy', 'Startup probe failed: ');
            },
          },
          over,
        )
      : 'passed';
  if (over.aborted && result !== 'passed') return;
  if (result === 'passed') {
    if (startupProbe && !over.aborted) keeper.start();
    run.onStarted();
    return;
  }
  const message = run.isInit
    ? `Init container ${container.name} failed startup probe`
    : `Container ${container.name} failed startup probe, will be restarted`;
  note('Normal', 'Killing', message);
  run.process.signal('SIGTERM');
  const timeout = setTimeout(run.process.kill, run.graceSeconds * 1000);
  void run.process.ended.then(() => {
    clearTimeout(timeout);
  });
}

function probeProgram({ container, programs }: Run): Program | undefined {
  const { startupProbe } = container;
  return startupProbe && programs.other(startupProbe.exec?.command ?? []);
}
