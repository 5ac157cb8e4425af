import { isServiceError } from '../../errors.ts';
import { annotation, writeAnnotation } from '../../flow/annotations.ts';
import type { Attempt } from '../../flow/attempt.ts';
import { diagnoseEvents, type Finding } from '../../flow/pending/diagnose-events.ts';
import type { Flow } from '../../flow/flow.ts';
import type { PendingCause, SavedDiagnosis } from '../../flow/pending/pending-cause.ts';
import { findLive, pendingSince, wholeSeconds } from '../../flow/pending/watch-pending.ts';
import { flowLogger } from '../../log.ts';
import type { Reconciler, StepResult } from '../reconciler.ts';
import { patchFlow } from '../patch-flow.ts';

/** An annotation is no place for a registry's whole answer. */
const messageLimit = 1000;

/** What keeps the worker from starting, and since when: for the next process, for other replicas and for people. */
export async function savePending(
  deps: Reconciler,
  { flow, diagnosis }: { flow: Flow; diagnosis: SavedDiagnosis },
  signal: AbortSignal,
): Promise<StepResult> {
  const bounded = { ...diagnosis, message: diagnosis.message.slice(0, messageLimit) };
  const result = await patchFlow(
    deps,
    { flow, annotations: writeAnnotation(annotation.pending, bounded) },
    signal,
  );
  flowLogger(deps.log, flow.name).info({ pending: bounded }, 'The worker cannot start yet.');
  return result;
}

export interface EventPoll {
  flow: Flow;
  attempts: Attempt[];
  /** When something else is due, in milliseconds since the epoch. */
  until: number;
}

/** A pod that was refused, or a volume that is not mounted, shows in events alone. A look that fails is made again later. */
export async function pollEvents(
  deps: Reconciler,
  { flow, attempts, until }: EventPoll,
  signal: AbortSignal,
): Promise<StepResult> {
  const live = findLive(attempts);
  const from = wholeSeconds(pollFrom(flow, live));
  const findings = await findingsOrNone(deps, { flow, about: live?.id ?? flow.uid }, signal);
  const found = diagnoseEvents(findings, from);
  if (found !== undefined && isNews(flow, live, { cause: found.cause, from })) {
    const diagnosis = { ...found, ...(live === undefined ? {} : { attempt: live.id }) };
    return await savePending(deps, { flow, diagnosis }, signal);
  }
  const now = deps.now().getTime();
  return { kind: 'requeue', millis: Math.max(0, Math.min(until - now, pause(now - from))) };
}

function pollFrom(flow: Flow, live: Attempt | undefined): number {
  return live?.unpreparedSince === undefined ? pendingSince(flow) : Date.parse(live.unpreparedSince);
}

/** A Role without events must not keep a flow from its deadline. */
async function findingsOrNone(
  { events, log }: Reconciler,
  { flow, about }: { flow: Flow; about: string },
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  try {
    return await events.about(about, signal);
  } catch (error) {
    if (signal.aborted || !isServiceError(error, 'cluster-refused', 'cluster-unavailable')) throw error;
    flowLogger(log, flow.name).warn({ err: error }, 'Events cannot be read.');
    return [];
  }
}

/** The same cause from before the Job's last start is news too. Else the first time stands: events are forgotten after an hour. */
function isNews(
  flow: Flow,
  live: Attempt | undefined,
  { cause, from }: { cause: PendingCause; from: number },
): boolean {
  const { pending } = flow;
  if (pending === undefined || pending.cause !== cause || pending.attempt !== live?.id) return true;
  return Date.parse(pending.since) < from;
}

const shortestMillis = 5000;
const longestMillis = 60_000;

/** The longer it lasts, the less often: what comes late may be noticed late. */
function pause(elapsed: number): number {
  return Math.min(longestMillis, Math.max(shortestMillis, elapsed / 4));
}
