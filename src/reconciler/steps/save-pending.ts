import { isServiceError } from '../../errors.ts';
import { annotation, writeAnnotation } from '../../flow/annotations.ts';
import type { Attempt } from '../../flow/attempt.ts';
import { diagnoseEvents, type Finding } from '../../flow/pending/diagnose-events.ts';
import type { Flow, ObservedFlow } from '../../flow/flow.ts';
import type { PendingCause, SavedDiagnosis } from '../../flow/pending/pending-cause.ts';
import {
  diagnosisToSave,
  findLive,
  nextEventPoll,
  pendingSince,
  wholeSeconds,
} from '../../flow/pending/watch-pending.ts';
import { flowLogger } from '../../log.ts';
import type { Reconciler, Step, StepResult } from '../reconciler.ts';
import { patchFlow, type JobWriter } from '../patch-flow.ts';
import { nextDueTime } from './wait.ts';

interface SavePending extends Step<'save-pending'> {
  diagnosis: SavedDiagnosis;
}

export function decideSavePending(observed: ObservedFlow): SavePending | undefined {
  const diagnosis = diagnosisToSave(observed);
  if (diagnosis === undefined) return undefined;
  const { flow } = observed;
  return {
    kind: 'save-pending',
    diagnosis,
    run: (deps, signal) => savePending(deps, { flow, diagnosis }, signal),
  };
}

/** Bounded: annotations share 256 KiB. */
const messageLimit = 1000;

/** Saves why the worker does not start, and since when: for the next process, for other replicas and for people. */
export async function savePending(
  deps: JobWriter,
  { flow, diagnosis }: { flow: Flow; diagnosis: SavedDiagnosis },
  signal: AbortSignal,
): Promise<StepResult> {
  const pending = { ...diagnosis, message: diagnosis.message.slice(0, messageLimit) };
  const annotations = writeAnnotation(annotation.pending, pending);
  const entry = { fields: { pending }, message: 'worker cannot start yet' };
  return await patchFlow(deps, { flow, annotations, entry }, signal);
}

export interface EventPoll {
  flow: Flow;
  attempts: Attempt[];
  /** When the next deadline or renewal is due, in milliseconds since the epoch. */
  until: number;
}

interface PollEvents extends Step<'poll-events'> {
  until: number;
}

/** Only events explain a pod that was refused and a volume that is not mounted. */
export function decideEventPoll(observed: ObservedFlow): PollEvents | undefined {
  const due = nextEventPoll(observed);
  if (due === undefined || due > observed.now) return undefined;
  const { flow, attempts } = observed;
  const until = nextDueTime(observed);
  return {
    kind: 'poll-events',
    until,
    run: (deps, signal) => pollEvents(deps, { flow, attempts, until }, signal),
  };
}

export async function pollEvents(
  deps: JobWriter & Pick<Reconciler, 'events' | 'now'>,
  { flow, attempts, until }: EventPoll,
  signal: AbortSignal,
): Promise<StepResult> {
  const live = findLive(attempts);
  const from = wholeSeconds(startOfWait(flow, live));
  const findings = await findingsOrNone(deps, { flow, about: live?.id ?? flow.uid }, signal);
  const found = diagnoseEvents(findings, from);
  if (found !== undefined && isNews(flow, live, { cause: found.cause, from })) {
    const diagnosis = { ...found, ...(live === undefined ? {} : { attempt: live.id }) };
    return await savePending(deps, { flow, diagnosis }, signal);
  }
  const now = deps.now().getTime();
  return { kind: 'requeue', millis: Math.max(0, Math.min(until - now, pause(now - from))) };
}

function startOfWait(flow: Flow, live: Attempt | undefined): number {
  return live?.unpreparedSince === undefined ? pendingSince(flow) : Date.parse(live.unpreparedSince);
}

/** A Role without the right to list events must not keep a flow from its deadline. */
async function findingsOrNone(
  { events, log }: Pick<Reconciler, 'events' | 'log'>,
  { flow, about }: { flow: Flow; about: string },
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  try {
    return await events.about(about, signal);
  } catch (error) {
    if (signal.aborted || !isServiceError(error, 'cluster-refused', 'cluster-unavailable')) throw error;
    flowLogger(log, flow.name).warn({ err: error }, 'events cannot be read');
    return [];
  }
}

/**
 * Another cause, another pod, or the same cause saved before the Job's last start. Otherwise the saved time stays: the cluster deletes events
 * after an hour.
 */
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

/** The longer the wait so far, the rarer the polls. */
function pause(elapsed: number): number {
  return Math.min(longestMillis, Math.max(shortestMillis, elapsed / 4));
}
