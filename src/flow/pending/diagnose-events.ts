import type { Event } from '../../kubernetes/types.ts';
import type { PendingDiagnosis, PendingCause } from './pending-cause.ts';

/** The projection of an event. */
export interface Finding {
  /** UID of the Job or pod. */
  about: string;
  reason: string;
  message: string;
  /** Milliseconds since the epoch. */
  first: number;
  last: number;
}

const readReasons: Record<string, (message: string) => Omit<PendingDiagnosis, 'since'>> = {
  FailedCreate: diagnoseRefusal,
  FailedMount: diagnoseMount,
  FailedAttachVolume: diagnoseMount,
  FailedMapVolume: diagnoseMount,
  FailedCreatePodSandBox: (message) => ({ cause: 'other', message: `The pod does not start: ${message}` }),
};

const messageLimit = 1000;

/** Undefined: the event does not explain why a worker does not start. */
export function readFinding(event: Event): Finding | undefined {
  const { reason = '', message = '', involvedObject } = event;
  const times = readTimes(event);
  if (!Object.hasOwn(readReasons, reason) || involvedObject.uid === undefined || times === undefined)
    return undefined;
  return { about: involvedObject.uid, reason, message: message.slice(0, messageLimit), ...times };
}

/** Events come in two generations: with a count and two times, or with a series. */
function readTimes({
  firstTimestamp,
  lastTimestamp,
  eventTime,
  series,
  metadata,
}: Event): Pick<Finding, 'first' | 'last'> | undefined {
  const first = firstTimestamp ?? eventTime ?? metadata.creationTimestamp;
  if (first === undefined) return undefined;
  const last = lastTimestamp ?? series?.lastObservedTime ?? first;
  return { first: Date.parse(first), last: Date.parse(last) };
}

/** Times in events are whole seconds. */
const resolutionMillis = 1000;

/**
 * Diagnoses one Job or pod from its events: the newest decides the cause, and the oldest of the same cause the start. Events that ended
 * before `from` belong to an earlier attempt.
 */
export function diagnoseEvents(
  findings: readonly Finding[],
  from: number,
): (PendingDiagnosis & { since: string }) | undefined {
  const current = findings
    .filter(({ last }) => last + resolutionMillis > from)
    .map((finding) => ({ ...finding, diagnosis: readReasons[finding.reason]?.(finding.message) }))
    .sort((a, b) => b.last - a.last);
  const [newest] = current;
  if (newest?.diagnosis === undefined) return undefined;
  const { diagnosis } = newest;
  const same = current.filter((other) => other.diagnosis?.cause === diagnosis.cause);
  const since = Math.max(from, Math.min(...same.map(({ first }) => first)));
  return { ...diagnosis, since: new Date(since).toISOString() };
}

/** The Job controller names a new pod with each try: cut off, so that the same refusal has the same message. */
const preamble = /^(\(combined from similar events\): ?)?(Error creating: )?(pods? "[^"]*" is forbidden: ?)?/;

function diagnoseRefusal(message: string): Omit<PendingDiagnosis, 'since'> {
  const said = message.replace(preamble, '');
  const cause = refusalCause(message);
  return { cause, message: `${refusals[cause] ?? 'The pod cannot be created'}: ${said}` };
}

const refusals: Partial<Record<PendingCause, string>> = {
  quota: 'The namespace’s quota has no room for the pod',
  admission: 'The cluster refuses the pod',
};

/** A webhook that does not answer refuses nothing. */
function refusalCause(message: string): PendingCause {
  if (message.includes('exceeded quota')) return 'quota';
  if (message.includes('failed calling webhook')) return 'other';
  return /is forbidden|denied (the )?request|is invalid/.test(message) ? 'admission' : 'other';
}

const missingObject = /(secret|configmap) "[^"]*" not found|references non-existent (secret|config) key/i;

function diagnoseMount(message: string): Omit<PendingDiagnosis, 'since'> {
  return missingObject.test(message)
    ? { cause: 'configuration', message: `The pod lacks its configuration: ${message}` }
    : { cause: 'volume', message: `A volume of the pod cannot be mounted: ${message}` };
}
