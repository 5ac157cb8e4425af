import { annotation } from '../flow/annotations.ts';
import type { Flow } from '../flow/flow.ts';
import { findJob } from '../requests/find-flow.ts';
import type { FlowService, FoundFlow, RequestDependencies } from '../requests/flow-service.ts';

/** A repeat recorded so recently still holds the callback back for long enough. */
const freshMillis = 1000;

interface Recording {
  /** On this process' monotonic clock: a time on the Job may come from a replica whose clock is wrong. */
  at: number;
  /** False: it failed. */
  written: Promise<boolean>;
}

/**
 * Writes on the Job that its request was repeated, before that repeat is answered; repeats within a second share one write. The rule
 * and its reasons: README.md in this folder.
 */
export function createRecordRepeat(
  deps: RequestDependencies,
  monotonic: () => number = () => performance.now(),
): FlowService['recordRepeat'] {
  const recordings = new Map<string, Recording>();
  return async function recordRepeat(flow, signal, found) {
    forgetStale();
    for (
      let recording = recordings.get(flow);
      recording !== undefined && isFresh(recording);
      recording = recordings.get(flow)
    ) {
      if (await recording.written) return;
      signal.throwIfAborted();
    }
    const writing = writeRepeat(deps, { name: flow, found }, signal);
    const recording: Recording = { at: monotonic(), written: succeeds(writing) };
    recordings.delete(flow);
    recordings.set(flow, recording);
    await writing;

    /** After a failure the first repeat that waited writes. */
    async function succeeds(work: Promise<void>): Promise<boolean> {
      try {
        await work;
        return true;
      } catch {
        if (recordings.get(flow) === recording) recordings.delete(flow);
        return false;
      }
    }
  };

  function isFresh({ at }: Recording): boolean {
    return monotonic() - at < freshMillis;
  }

  /** The map keeps them in the order in which they were made. */
  function forgetStale(): void {
    for (const [flow, recording] of recordings) {
      if (isFresh(recording)) return;
      recordings.delete(flow);
    }
  }
}

interface Repeated {
  name: string;
  found: FoundFlow | undefined;
}

async function writeRepeat(
  deps: RequestDependencies,
  { name, found }: Repeated,
  signal: AbortSignal,
): Promise<void> {
  const flow = found ?? (await findJob(deps, name, signal));
  if (flow === undefined || flow.over) return;
  const at = nextRequestAt(flow, deps.now());
  await deps.cluster.jobs.patch(
    name,
    { metadata: { annotations: { [annotation.lastRequestAt]: at } } },
    signal,
  );
}

/** Now, but never the previous value: only a changed value starts the hold again, whatever the clocks say. */
export function nextRequestAt({ lastRequestAt }: Pick<Flow, 'lastRequestAt'>, now: Date): string {
  const at = now.toISOString();
  return at === lastRequestAt ? new Date(now.getTime() + 1).toISOString() : at;
}
