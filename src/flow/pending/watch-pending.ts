import type { Attempt } from '../attempt.ts';
import type { Flow, ObservedFlow } from '../flow.ts';
import { causeRules, type PendingCause, type SavedDiagnosis } from './pending-cause.ts';

/** What is in the way of a flow's worker now, and since when (milliseconds since the epoch). */
export interface CurrentDiagnosis {
  cause: PendingCause;
  message: string;
  since: number;
}

type Pending = Pick<ObservedFlow, 'flow' | 'attempts'>;

/** From when a worker should be starting: a replacement after a disruption, and a Job that a queue has let go, get the time anew. */
export function pendingSince({ startedAt, resumedAt, createdAt, attempt }: Flow): number {
  return Math.max(...[startedAt ?? createdAt, resumedAt, attempt?.at].map(toMillis));
}

/**
 * Suspended after its start, by a queue or by hand: it is not stuck, and no clock of ours runs. Nor when it was just let go: its
 * `startTime` is that of before until the Job controller has heard of it.
 */
export function isSuspendedByQueue({ suspended, suspendedSince, startedAt }: Flow): boolean {
  return suspended || toMillis(suspendedSince) > toMillis(startedAt);
}

function toMillis(time: string | undefined): number {
  return time === undefined ? 0 : Date.parse(time);
}

export function findLive(attempts: readonly Attempt[]): Attempt | undefined {
  return attempts.find(({ terminal }) => !terminal);
}

/** From the pod's status, else from what was noted of events. Undefined: nothing is known to be in the way. */
export function findDiagnosis({
  flow,
  attempts,
  now,
}: Pending & { now: number }): CurrentDiagnosis | undefined {
  const live = findLive(attempts);
  const blocked = live?.blocked;
  const note = savedDiagnosis(flow, live);
  if (blocked === undefined)
    return note === undefined ? undefined : { ...note, since: Date.parse(note.since) };
  const since = blocked.since ?? (note?.cause === blocked.cause ? note.since : undefined);
  return { ...blocked, since: since === undefined ? now : Date.parse(since) };
}

/** A note about another pod, or of before the Job's last start, is history; so is one of events once containers begin. */
function savedDiagnosis(flow: Flow, live: Attempt | undefined): SavedDiagnosis | undefined {
  const { pending } = flow;
  if (pending === undefined || pending.attempt !== live?.id) return undefined;
  if (live !== undefined)
    return live.blocked !== undefined || live.unpreparedSince !== undefined ? pending : undefined;
  return Date.parse(pending.since) >= wholeSeconds(pendingSince(flow)) ? pending : undefined;
}

/** Kubernetes' own times are whole seconds, so that what follows our start may seem to come before it. */
export function wholeSeconds(millis: number): number {
  return Math.floor(millis / 1000) * 1000;
}

/** What a container waits for has no time of its own: when it was first seen is written down, for the next process to know. */
export function diagnosisToSave({ flow, attempts, now }: ObservedFlow): SavedDiagnosis | undefined {
  const live = findLive(attempts);
  const blocked = live?.blocked;
  if (live === undefined || blocked === undefined || blocked.since !== undefined) return undefined;
  // Ended at once: nobody will ask since when.
  if (blocked.cause === 'imageName') return undefined;
  if (flow.pending?.attempt === live.id && flow.pending.cause === blocked.cause) return undefined;
  const { cause, message } = blocked;
  return { cause, message, since: new Date(now).toISOString(), attempt: live.id };
}

/** Ordinary starts are over by then. */
const pollAfterMillis = 5000;

/** When events are worth a look, in milliseconds since the epoch: a Job without a pod, or a pod whose containers do not begin. */
export function nextEventPoll({ flow, attempts }: Pending): number | undefined {
  const live = findLive(attempts);
  const since = live === undefined ? pendingSince(flow) : live.unpreparedSince;
  if (since === undefined || live?.blocked !== undefined) return undefined;
  const timeout = Math.min(pollAfterMillis, (flow.plan.limits.pending * 1000) / 2);
  return toMillisOf(since) + timeout;
}

function toMillisOf(time: string | number): number {
  return typeof time === 'number' ? time : Date.parse(time);
}

/** Connectors cut what is long, and the advice comes last. */
const explainedLength = 310;

/** For people, and for the connector. */
export function explain({ cause, message }: CurrentDiagnosis): string {
  return `${shorten(message.replace(/[.\s]+$/, ''))}. ${causeRules[cause].advice}`;
}

/** What it is about stands at the begin, and what went wrong in the end of a registry's or a kubelet's sentence. */
function shorten(text: string): string {
  if (text.length <= explainedLength) return text;
  const half = Math.floor(explainedLength / 2);
  return `${text.slice(0, half)} … ${text.slice(-half)}`;
}
