import type { Pod } from '../kubernetes/types.ts';
import { diagnosePod, unpreparedSince } from './pending/diagnose-pod.ts';
import { flowLabel } from './labels.ts';
import type { PendingDiagnosis } from './pending/pending-cause.ts';
import { secretReferences, type SecretReference } from './secret-references.ts';
import { inputFailure } from './sidecar-report.ts';

export const workerContainer = 'worker';
export const sidecarContainer = 'uploader';

/** The projection of a pod that the service caches. */
export interface Attempt {
  /** Pod UID. */
  id: string;
  pod: string;
  flow: string;
  resourceVersion: string;
  /** RFC 3339, whole seconds. */
  createdAt: string | undefined;
  phase: string;
  /** Why: it is marked for deletion, or a taint, an eviction or a preemption ends it. */
  disrupted: string | undefined;
  deletedAt: string | undefined;
  /** Seconds between the request to delete it and `deletedAt`. */
  grace: number;
  /** The kubelet has reported that all containers ended. */
  terminal: boolean;
  worker: ContainerState;
  sidecar: ContainerState;
  /** Why its worker does not start, if its own status says so. */
  blocked: PendingDiagnosis | undefined;
  /** Since when it has a node and no container has started: only events explain that. */
  unpreparedSince: string | undefined;
  /** Whose values its worker was given; absent without any. */
  secrets?: readonly SecretReference[];
}

export type ContainerState =
  | { state: 'waiting'; reason?: string; message?: string }
  | { state: 'running'; startedAt: string }
  | ({ state: 'ended' } & ContainerEnd);

interface ContainerEnd {
  exitCode: number;
  reason: string;
  message?: string;
  startedAt?: string;
  finishedAt?: string;
}

/** The worker container's end, observed before its pod was marked for deletion. */
export interface WorkerEnd {
  /** Pod UID. */
  attempt: string;
  exitCode: number;
  reason: string;
  at: string;
}

/** The end of an attempt as its pod reported it, saved on the Job because pods vanish. */
export interface AttemptEnd {
  /** Pod UID. */
  attempt: string;
  pod: string;
  /** When the pod was created; absent if an earlier version wrote this. */
  createdAt?: string;
  worker?: ContainerEnd;
  sidecar?: { exitCode: number; reason: string; message?: string };
  /** DisruptionTarget, a deletionTimestamp observed before the worker's end, Evicted, node lost, …: no result, with any exit code. */
  disrupted?: string;
  /** The same after the worker's end was saved: its results count if the upload was completed nevertheless. */
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
  const secrets = secretReferences(pod, workerContainer);
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
    sidecar: readSidecar(pod, { worker, terminal }),
    blocked: worker.state === 'waiting' ? diagnosePod(pod) : undefined,
    unpreparedSince: worker.state === 'waiting' ? unpreparedSince(pod) : undefined,
    ...(secrets.length === 0 ? {} : { secrets }),
  };
}

/**
 * Orders attempts, saved ends included, from the oldest to the newest. Creation times are whole seconds: if two pods have the same one, the
 * disrupted pod is the older, since a replacement follows a disrupted pod. Pod names are random and decide last.
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
 * The attempt's end as it is saved on the Job. `saved`: a worker's end; if it is this attempt's, it counts more than the pod's status,
 * since a node that comes back from a power cut has lost it.
 */
export function attemptEnd(attempt: Attempt, saved: WorkerEnd | undefined, now: string): AttemptEnd {
  const { worker, sidecar, disrupted } = attempt;
  const own = saved?.attempt === attempt.id ? saved : undefined;
  const reported = worker.state === 'ended' ? endOf(worker) : undefined;
  const known = own === undefined ? reported : { ...reported, exitCode: own.exitCode, reason: own.reason };
  return {
    attempt: attempt.id,
    pod: attempt.pod,
    ...defined({ createdAt: attempt.createdAt }),
    ...(known === undefined ? {} : { worker: known }),
    ...(sidecar.state === 'ended' ? { sidecar: endOf(sidecar) } : {}),
    ...(disrupted === undefined ? {} : { [own === undefined ? 'disrupted' : 'interrupted']: disrupted }),
    at: now,
  };
}

/** Bounded: annotations share 256 KiB. The sidecar's report fits. */
const messageLimit = 4096;

function endOf({ exitCode, reason, message, startedAt, finishedAt }: ContainerEnd): ContainerEnd {
  const bounded = message?.slice(0, messageLimit);
  return { exitCode, reason, ...defined({ message: bounded, startedAt, finishedAt }) };
}

/**
 * A sidecar that could not fetch an input ends before the worker starts. The kubelet starts it again and again: the end that says so is kept,
 * since no other follows.
 */
function readSidecar(
  { status = {} }: Pod,
  { worker, terminal }: { worker: ContainerState; terminal: boolean },
): ContainerState {
  const statuses = status.initContainerStatuses;
  const last = worker.state === 'waiting' ? findStatus(statuses, sidecarContainer)?.lastState : undefined;
  if (last?.terminated !== undefined && inputFailure(last.terminated.message) !== undefined)
    return readEnd(last.terminated);
  return readContainer(statuses, { name: sidecarContainer, terminal });
}

type Statuses = NonNullable<Pod['status']>['containerStatuses'];
type Terminated = NonNullable<NonNullable<NonNullable<Statuses>[number]['state']>['terminated']>;

function readContainer(
  statuses: Statuses,
  { name, terminal }: { name: string; terminal: boolean },
): ContainerState {
  const status = findStatus(statuses, name);
  const { running, waiting } = status?.state ?? {};
  const terminated = endIn(status, terminal);
  if (terminated !== undefined) return readEnd(terminated);
  if (running !== undefined) return { state: 'running', startedAt: text(running.startedAt) };
  return { state: 'waiting', ...defined({ reason: waiting?.reason, message: waiting?.message }) };
}

function findStatus(statuses: Statuses, name: string): NonNullable<Statuses>[number] | undefined {
  return statuses?.find((candidate) => candidate.name === name);
}

function readEnd({ exitCode, reason, message, startedAt, finishedAt }: Terminated): ContainerState {
  return { state: 'ended', exitCode, reason: text(reason), ...defined({ message, startedAt, finishedAt }) };
}

/**
 * A restarted kubelet that finds a container gone puts its end into `lastState` first. In a pod that has ended, the container is not
 * started again, so that this is its last end.
 */
function endIn(status: NonNullable<Statuses>[number] | undefined, terminal: boolean): Terminated | undefined {
  return status?.state?.terminated ?? (terminal ? status?.lastState?.terminated : undefined);
}

/** Without the members that are undefined: exactOptionalPropertyTypes distinguishes them from absent ones. */
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
 * An eviction for disk use and a node's reboot come without DisruptionTarget (observations 13 and 20). So does the refusal of a restarted
 * kubelet to run a pod again (`OutOfcpu`, `UnexpectedAdmissionError`). The pod's `reason` is always the cluster's doing, except for its
 * deadline, which the template chose.
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
