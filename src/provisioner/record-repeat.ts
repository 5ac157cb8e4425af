import { annotation } from '../flow/annotations.ts';
import type { Flow } from '../flow/flow.ts';
import { findJob } from './find-flow.ts';
import type { FlowService, FoundFlow } from './flow-service.ts';
import type { Provisioner } from './provisioner.ts';

/** A mark this young still holds back the callback for long enough. */
const freshMillis = 1000;

interface Mark {
  /** On this process' own clock, which nobody sets: a time in the Job may be of a replica whose clock is wrong. */
  at: number;
  /** False: it failed. */
  written: Promise<boolean>;
}

/**
 * Marks a flow as asked for once more, before that repeat is answered: whichever replica calls back sees the mark (or loses its
 * conditional write) and lets the answer go first. A callback that overtakes its answer gives the consumer wrong bytes.
 * Repeats within a second of a mark of this process share it: the API server takes the square of their number to write them all.
 */
export function createRecordRepeat(
  deps: Provisioner,
  monotonic: () => number = () => performance.now(),
): FlowService['recordRepeat'] {
  const marks = new Map<string, Mark>();
  return async function recordRepeat(flow, signal, found) {
    forgetStale();
    for (let mark = marks.get(flow); mark !== undefined && isFresh(mark); mark = marks.get(flow)) {
      if (await mark.written) return;
      signal.throwIfAborted();
    }
    const writing = writeMark(deps, { name: flow, found }, signal);
    const mark: Mark = { at: monotonic(), written: settle(writing) };
    marks.delete(flow);
    marks.set(flow, mark);
    await writing;

    /** Whoever has waited finds the place free, and the first of them takes it. */
    async function settle(work: Promise<void>): Promise<boolean> {
      try {
        await work;
        return true;
      } catch {
        if (marks.get(flow) === mark) marks.delete(flow);
        return false;
      }
    }
  };

  function isFresh({ at }: Mark): boolean {
    return monotonic() - at < freshMillis;
  }

  /** They stand in the order in which they were made. */
  function forgetStale(): void {
    for (const [flow, mark] of marks) {
      if (isFresh(mark)) return;
      marks.delete(flow);
    }
  }
}

interface Marked {
  name: string;
  found: FoundFlow | undefined;
}

async function writeMark(deps: Provisioner, { name, found }: Marked, signal: AbortSignal): Promise<void> {
  const flow = found ?? (await findJob(deps, name, signal));
  if (flow === undefined || flow.over) return;
  const at = nextMark(flow, deps.now());
  await deps.cluster.jobs.patch(
    name,
    { metadata: { annotations: { [annotation.lastRequestAt]: at } } },
    signal,
  );
}

/** The time, and never that of the mark before: the replica that calls back sees a repeat only by another value, whatever clocks say. */
function nextMark({ lastRequestAt }: Pick<Flow, 'lastRequestAt'>, now: Date): string {
  const at = now.toISOString();
  return at === lastRequestAt ? new Date(now.getTime() + 1).toISOString() : at;
}
