import type { Pod } from '../kubernetes/types.ts';
import { diagnosePod, unpreparedSince } from './pending/diagnose-pod.ts';
import { flowLabel } from './labels.ts';
import type { PendingDiagnosis } from './pending/pending-cause.ts';

export const workerContainer = 'worker';
export const sidecarContainer = 'uploader';

/** What the service keeps of a pod. */
export interface Attempt {
  /** Pod UID. */
  id: string;
  pod: string;
  flow: string;
  resourceVersion: string;
  /** RFC 3339, whole seconds. */
  createdAt: string | undefined;
  phase: string;
  /** Marked for deletion, or told to go by a taint, an eviction or a preemption. */
  disrupted: string | undefined;
  deletedAt: string | undefined;
  /** Seconds between the mark of deletion and `deletedAt`. */
  grace: number;
  /** All containers have ended and the kubelet said so. */
  terminal: boolean;
  worker: ContainerState;
  sidecar: ContainerState;
  /** What keeps its worker from starting, as far as its own status tells. */
  blocked: PendingDiagnosis | undefined;
  /** Since when it has a node and no container has begun: only events tell why. */
  unpreparedSince: string | undefined;
}

export type ContainerState =
  | { state: 'waiting'; reason?: string; message?: string }
  | { state: 'running'; startedAt: string }
  | { state: 'ended'; exitCode: number; reason: string; message?: string; finishedAt?: string };

/** The worker container's end, seen while its pod was not marked for deletion. */
export interface WorkerEnd {
  /** Pod UID. */
  attempt: string;
  exitCode: number;
  reason: string;
  at: string;
}

/** What the attempt's pod said at its end, kept on the Job because pods vanish. */
export interface AttemptEnd {
  /** Pod UID. */
  attempt: string;
  pod: string;
  /** When the pod was created; absent in what was written before this was kept. */
  createdAt?: string;
  worker?: { exitCode: number; reason: string; message?: string; finishedAt?: string };
  sidecar?: { exitCode: number; reason: string; message?: string };
  /** DisruptionTarget, a deletionTimestamp seen before the worker's end, Evicted, node lost, …: not a result whatever the exit code. */
  disrupted?: string;
  /** The same after the worker's end was recorded: its results count if the upload was brought to its end all the same. */
  interrupted?: string;
  /** The last lines of the worker's log, if it failed or wrote nothing. */
  log?: string;
  at: string;
}

export function readAttempt(pod: Pod): Attempt {
  const metadata = pod.metadata ?? {};
  const phase = text(pod.status?.phase);
  const terminal = phase === 'Succeeded' || phase === 'Failed';
  const worker = readContainer(pod.status?.containerStatuses, { name: workerContainer, terminal });
  return {
    id: text(metadata.uid),
    pod: text(metadata.name),
    flow: text(metadata.labels?.[flowLabel]),
    resourceVersion: text(metadata.resourceVersion),
    createdAt: metadata.creationTimestamp,
    phase,
    disrupted: readDisruption(pod),
    ...readDeletion(metadata),
    terminal,
    worker,
    sidecar: readContainer(pod.status?.initContainerStatuses, { name: sidecarContainer, terminal }),
    blocked: worker.state === 'waiting' ? diagnosePod(pod) : undefined,
    unpreparedSince: worker.state === 'waiting' ? unpreparedSince(pod) : undefined,
  };
}

/**
 * Orders attempts from the oldest to the newest, noted ones (`AttemptEnd`) included. Creation times are whole seconds: a replacement
 * follows a disrupted pod, so that of two pods of the same second the disrupted one is the older. Pod names are random and decide last.
 */
export function compareAge(a: AttemptAge, b: AttemptAge): number {
  return (
    toMillis(a.createdAt) - toMillis(b.createdAt) ||
    Number(isDisrupted(b)) - Number(isDisrupted(a)) ||
    (a.pod < b.pod ? -1 : Number(a.pod > b.pod))
  );
}

type AttemptAge = Pick<AttemptEnd, 'pod' | 'interrupted'> & Pick<Attempt, 'createdAt' | 'disrupted'>;

function toMillis(time: string | undefined): number {
  return time === undefined ? 0 : Date.parse(time);
}

function isDisrupted({ disrupted, interrupted }: AttemptAge): boolean {
  return (disrupted ?? interrupted) !== undefined;
}

function readDeletion(metadata: NonNullable<Pod['metadata']>): Pick<Attempt, 'deletedAt' | 'grace'> {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = metadata;
  return { deletedAt: deletionTimestamp, grace: deletionGracePeriodSeconds };
}

function text(value: string | undefined): string {
  return value ?? '';
}

/**
 * The attempt's end as it is kept on the Job; `recorded`: a worker's end, which counts if it is this attempt's, since it was recorded
 * before any mark of deletion. A node that comes back from a power cut does not know it any more.
 */
export function attemptEnd(attempt: Attempt, recorded: WorkerEnd | undefined, now: string): AttemptEnd {
  const { worker, sidecar, disrupted } = attempt;
  const noted = recorded?.attempt === attempt.id ? recorded : undefined;
  const ownEnd = worker.state === 'ended' ? endOf(worker) : undefined;
  const known = noted === undefined ? ownEnd : { ...ownEnd, exitCode: noted.exitCode, reason: noted.reason };
  return {
    attempt: attempt.id,
    pod: attempt.pod,
    ...defined({ createdAt: attempt.createdAt }),
    ...(known === undefined ? {} : { worker: known }),
    ...(sidecar.state === 'ended' ? { sidecar: endOf(sidecar) } : {}),
    ...(disrupted === undefined ? {} : { [noted === undefined ? 'disrupted' : 'interrupted']: disrupted }),
    at: now,
  };
}

/** Messages are the container's own words: bounded, since an annotation holds them. The sidecar's report fits. */
const messageLimit = 4096;

function endOf({
  exitCode,
  reason,
  message,
  finishedAt,
}: Extract<ContainerState, { state: 'ended' }>): AttemptEnd['worker'] & object {
  return { exitCode, reason, ...defined({ message: message?.slice(0, messageLimit), finishedAt }) };
}

type Statuses = NonNullable<Pod['status']>['containerStatuses'];
type Terminated = NonNullable<NonNullable<NonNullable<Statuses>[number]['state']>['terminated']>;

function readContainer(
  statuses: Statuses,
  { name, terminal }: { name: string; terminal: boolean },
): ContainerState {
  const status = statuses?.find((candidate) => candidate.name === name);
  const { running, waiting } = status?.state ?? {};
  const terminated = endIn(status, terminal);
  if (terminated !== undefined) {
    const { exitCode, reason, message, finishedAt } = terminated;
    return { state: 'ended', exitCode, reason: text(reason), ...defined({ message, finishedAt }) };
  }
  if (running !== undefined) return { state: 'running', startedAt: text(running.startedAt) };
  return { state: 'waiting', ...defined({ reason: waiting?.reason, message: waiting?.message }) };
}

/**
 * A kubelet that is back and finds a container gone writes a former life's end before the container's own state; in a pod that
 * has ended, no other life follows.
 */
function endIn(status: NonNullable<Statuses>[number] | undefined, terminal: boolean): Terminated | undefined {
  return status?.state?.terminated ?? (terminal ? status?.lastState?.terminated : undefined);
}

/** Without the members that are undefined: exactOptionalPropertyTypes tells absent from undefined, and so does JSON. */
function defined(members: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(members).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function readDisruption({ metadata, status = {} }: Pod): string | undefined {
  const target = status.conditions?.find(
    (condition) => condition.type === 'DisruptionTarget' && condition.status === 'True',
  );
  if (target !== undefined) return target.reason ?? 'DisruptionTarget';
  if (metadata?.deletionTimestamp !== undefined) return 'Deleted';
  return status.phase === 'Failed' ? readUnmarkedDisruption(status) : undefined;
}

/**
 * Observations 13 and 20: an eviction for disk use and a node's reboot come without DisruptionTarget. So does the answer of a kubelet
 * that is back and refuses a pod it once ran (`OutOfcpu`, `UnexpectedAdmissionError`). A pod's own reason is always the cluster's;
 * only its deadline was the template's to choose.
 */
function readUnmarkedDisruption({
  reason,
  message,
  containerStatuses,
}: NonNullable<Pod['status']>): string | undefined {
  if (text(reason) !== '' && reason !== 'DeadlineExceeded') return because(reason, message);
  return containerStatuses?.some(isLost) === true ? 'ContainerStatusUnknown' : undefined;
}

function because(reason: string | undefined, message: string | undefined): string {
  return [reason, message?.trim()].filter(Boolean).join(': ').slice(0, messageLimit);
}

function isLost(status: NonNullable<Statuses>[number]): boolean {
  return endIn(status, true)?.reason === 'ContainerStatusUnknown';
}

/** What the sidecar's termination message (at most 4,096 bytes) says: JSON of one of these. */
export type SidecarReport =
  | { manifest: { sha256: string; etag: string; files: number; bytes: number } }
  | { error: { message: string; path?: string } };
