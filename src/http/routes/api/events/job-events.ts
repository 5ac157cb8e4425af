import { isOutOfReach, isServiceError } from '../../../../errors.ts';
import type { FlowView } from '../../../../requests/flow-service.ts';
import { doneEvent, type StreamedEvent } from '../../../event-stream.ts';
import type { Wake } from '../../../wake.ts';
import { describeJob, digestJob } from '../jobs/describe-job.ts';

export interface FollowedJob {
  publicUrl: string;
  first: FlowView;
  /** Throws `not-found` when the job is gone. */
  read: () => Promise<FlowView>;
  /** Called after each change. */
  wake: Wake;
  /** The client's `Last-Event-ID`. */
  lastEventId: string;
  /** After so long without a change the job is read all the same, and a comment is sent. Default: 15 s. */
  quietMillis?: number;
}

/**
 * The job after each change, the present state first, unless it is that of the last event that the client has seen. Undefined: nothing
 * has changed for a while. Changes that follow each other faster than the client reads become one event. Ends with `done` when the job
 * has ended, and without it when the signal aborts.
 */
export async function* jobEvents(
  { publicUrl, first, read, wake, lastEventId, quietMillis = 15_000 }: FollowedJob,
  signal: AbortSignal,
): AsyncGenerator<StreamedEvent | undefined, void> {
  let seen = readPosition(lastEventId);
  for (let view: FlowView | 'gone' | undefined = first; !signal.aborted; view = await readAgain(read)) {
    if (view === 'gone') {
      yield doneEvent(first.flow, 'gone');
      return;
    }
    const next = view && eventAfter(seen, view, publicUrl);
    if (next !== undefined) {
      seen = next.seen;
      yield next.event;
    }
    if (view?.outcome !== undefined) {
      yield doneEvent(view.flow, view.outcome.phase);
      return;
    }
    const before = performance.now();
    await wake.wait(quietMillis, signal);
    if (performance.now() - before >= quietMillis) yield undefined;
  }
}

/** Undefined while the cluster is out of reach: the client keeps its stream. */
async function readAgain(read: FollowedJob['read']): Promise<FlowView | 'gone' | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isServiceError(error, 'not-found')) return 'gone';
    if (isOutOfReach(error)) return undefined;
    throw error;
  }
}

/** What an event's id says, so that a client can continue on another replica: how late the job was seen, its state, and what it was like. */
interface Position {
  position: number;
  state: string;
  digest: string;
}

function eventAfter(
  seen: Position | undefined,
  view: FlowView,
  publicUrl: string,
): { seen: Position; event: StreamedEvent } | undefined {
  const job = describeJob(view, publicUrl);
  const { position = 0, outcome } = view;
  // Replicas may have different addresses.
  const digest = digestJob(describeJob(view, ''));
  // The replica may be behind the one that the client has followed before. An end is final wherever it is seen.
  const isOld = outcome === undefined && seen !== undefined && position < seen.position;
  if (digest === seen?.digest || isOld) return undefined;
  const { state } = job;
  return {
    seen: { position, state, digest },
    event: {
      event: state === seen?.state ? 'progress' : 'state',
      id: `${position}-${state}-${digest}`,
      data: JSON.stringify(job),
    },
  };
}

/** Undefined for an id that is not ours: the client gets the present state. */
function readPosition(id: string): Position | undefined {
  const [, position, state, digest] = /^(\d{1,15})-([a-z]+)-([0-9a-f]{32})$/.exec(id) ?? [];
  if (position === undefined || state === undefined || digest === undefined) return undefined;
  return { position: Number(position), state, digest };
}
