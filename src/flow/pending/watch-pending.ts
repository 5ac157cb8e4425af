import type { Attempt } from '../attempt.ts';
import type { Flow, ObservedFlow } from '../flow.ts';
import { causeRules, type PendingCause, type SavedDiagnosis } from './pending-cause.ts';

/** Why a flow's worker does not start now, and since when (milliseconds since the epoch). */
export interface CurrentDiagnosis {
  cause: PendingCause;
  message: string;
  since: number;
}

type Pending = Pick<ObservedFlow, 'flow' | 'attempts'>;

/** When the pending time started: it starts again for a replacement after a disruption, and for a Job that a queue resumed. */
export function pendingSince({ startedAt, resumedAt, createdAt, attempt }: Flow): number {
  return Math.max(...[startedAt ?? createdAt, resumedAt, attempt?.at].map(toMillis));
}

/**
 * Suspended after its start, by a queue or by hand: it is not stuck, and no deadline runs. The same holds just after it was resumed, until
 * the Job controller has updated the Job's `startTime`.
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

/** From the pod's status, otherwise from what was saved of events. Undefined: nothing is known to block the worker. */
export function findDiagnosis({
  flow,
  attempts,
  now,
}: Pending & { now: number }): CurrentDiagnosis | undefined {
  const live = findLive(attempts);
  const blocked = live?.blocked;
  const saved = savedDiagnosis(flow, live);
  if (blocked === undefined)
    return saved === undefined ? undefined : { ...saved, since: Date.parse(saved.since) };
  const since = blocked.since ?? (saved?.cause === blocked.cause ? saved.since : undefined);
  return { ...blocked, since: since === undefined ? now : Date.parse(since) };
}

/** A saved diagnosis is out of date if it is about another pod or from before the Job's last start, or, from events, once containers start. */
function savedDiagnosis(flow: Flow, live: Attempt | undefined): SavedDiagnosis | undefined {
  const { pending } = flow;
  if (pending === undefined || pending.attempt !== live?.id) return undefined;
  if (live !== undefined)
    return live.blocked !== undefined || live.unpreparedSince !== undefined ? pending : undefined;
  return Date.parse(pending.since) >= wholeSeconds(pendingSince(flow)) ? pending : undefined;
}

/** Kubernetes' own times are whole seconds, so that an event after our start may seem to precede it. */
export function wholeSeconds(millis: number): number {
  return Math.floor(millis / 1000) * 1000;
}

/** Kubernetes keeps no time for a container that waits: the first observation is saved, so that the next process knows it. */
export function diagnosisToSave({ flow, attempts, now }: ObservedFlow): SavedDiagnosis | undefined {
  const live = findLive(attempts);
  const blocked = live?.blocked;
  if (live === undefined || blocked === undefined || blocked.since !== undefined) return undefined;
  // Fails immediately, so no start time is needed.
  if (blocked.cause === 'imageName') return undefined;
  if (flow.pending?.attempt === live.id && flow.pending.cause === blocked.cause) return undefined;
  const { cause, message } = blocked;
  return { cause, message, since: new Date(now).toISOString(), attempt: live.id };
}

/** A normal start takes less. */
const pollAfterMillis = 5000;

/** When to poll events, in milliseconds since the epoch, for a Job without a pod or a pod whose containers do not start. */
export function nextEventPoll({ flow, attempts }: Pending): number | undefined {
  const live = findLive(attempts);
  if (live !== undefined && (live.blocked !== undefined || live.unpreparedSince === undefined))
    return undefined;
  const since = live === undefined ? pendingSince(flow) : toMillis(live.unpreparedSince);
  return since + Math.min(pollAfterMillis, (flow.plan.limits.pending * 1000) / 2);
}

/** Connectors cut long messages, and the advice comes last. */
const explainedLength = 310;

/** For people, and for the connector. */
export function explain({ cause, message }: CurrentDiagnosis): string {
  return `${shorten(message.replace(/[.\s]+$/, ''))}. ${causeRules[cause].advice}`;
}

/** Keeps both ends: the subject is at the start, the cause at the end. */
function shorten(text: string): string {
  if (text.length <= explainedLength) return text;
  const half = Math.floor(explainedLength / 2);
  return `${text.slice(0, half)} … ${text.slice(-half)}`;
}
