import { annotation } from '../flow/annotations.ts';
import { readFlow } from '../flow/flow.ts';
import type { Provisioner } from './provisioner.ts';

/** A mark this young still holds back the callback for long enough. */
const freshMillis = 1000;

interface Mark {
  at: number;
  /** False: it failed. */
  written: Promise<boolean>;
}

/**
 * Marks a flow as asked for once more, before that repeat is answered: whichever replica calls back sees the mark (or loses its
 * conditional write) and lets the answer go first. A callback that overtakes its answer gives the consumer wrong bytes.
 * Repeats that come while a mark is on its way wait for it: the API server takes the square of their number to write them all.
 */
export function createAskAgain(deps: Provisioner): (flow: string, signal: AbortSignal) => Promise<void> {
  const underWay = new Map<string, Mark>();
  return async function askAgain(flow, signal) {
    for (let mark = underWay.get(flow); mark !== undefined; mark = underWay.get(flow)) {
      if (deps.now().getTime() - mark.at >= freshMillis) break;
      if (await mark.written) return;
      signal.throwIfAborted();
    }
    const writing = writeMark(deps, flow, signal);
    const mark: Mark = { at: deps.now().getTime(), written: settle(writing) };
    underWay.set(flow, mark);
    await writing;

    /** Whoever has waited finds the place free, and the first of them takes it. */
    async function settle(work: Promise<void>): Promise<boolean> {
      try {
        await work;
        return true;
      } catch {
        return false;
      } finally {
        if (underWay.get(flow) === mark) underWay.delete(flow);
      }
    }
  };
}

async function writeMark({ cluster, now }: Provisioner, name: string, signal: AbortSignal): Promise<void> {
  const at = now();
  const job = await cluster.jobs.get(name, signal);
  const flow = job === undefined ? undefined : readFlow(job);
  if (flow === undefined || flow.told !== undefined) return;
  if (flow.askedAt !== undefined && at.getTime() - Date.parse(flow.askedAt) < freshMillis) return;
  await cluster.jobs.patch(
    name,
    { metadata: { annotations: { [annotation.askedAt]: at.toISOString() } } },
    signal,
  );
}
