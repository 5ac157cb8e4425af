import type { Pod } from '../kubernetes/types.ts';
import { evidenceFinalizer, flowLabel } from './labels.ts';
import type { AttemptEnd } from './outcome.ts';

export const workerContainer = 'worker';
export const sidecarContainer = 'uploader';

/** What the service keeps of a pod. */
export interface Attempt {
  /** Pod UID. */
  id: string;
  pod: string;
  flow: string;
  resourceVersion: string;
  phase: string;
  /** Marked for deletion, or told to go by a taint, an eviction or a preemption. */
  disrupted: string | undefined;
  deletedAt: string | undefined;
  /** All containers have ended and the kubelet said so. */
  terminal: boolean;
  held: boolean;
  worker: ContainerState;
  sidecar: ContainerState;
  /** For people: why it does not run yet. */
  waiting: string | undefined;
}

export type ContainerState =
  | { state: 'waiting'; reason?: string; message?: string }
  | { state: 'running'; startedAt: string }
  | { state: 'ended'; exitCode: number; reason: string; message?: string; finishedAt?: string };

export function readAttempt(pod: Pod): Attempt {
  const metadata = pod.metadata ?? {};
  const phase = text(pod.status?.phase);
  const worker = readContainer(pod.status?.containerStatuses, workerContainer);
  return {
    id: text(metadata.uid),
    pod: text(metadata.name),
    flow: text(metadata.labels?.[flowLabel]),
    resourceVersion: text(metadata.resourceVersion),
    phase,
    disrupted: readDisruption(pod),
    deletedAt: metadata.deletionTimestamp,
    terminal: phase === 'Succeeded' || phase === 'Failed',
    held: metadata.finalizers?.includes(evidenceFinalizer) === true,
    worker,
    sidecar: readContainer(pod.status?.initContainerStatuses, sidecarContainer),
    waiting: worker.state === 'waiting' ? readWaiting(pod, worker) : undefined,
  };
}

function text(value: string | undefined): string {
  return value ?? '';
}

/** The attempt's end as it is kept on the Job; `workerEndSeen`: the worker's end was recorded before any mark of deletion. */
export function attemptEnd(attempt: Attempt, workerEndSeen: boolean, now: string): AttemptEnd {
  const { worker, sidecar, disrupted } = attempt;
  return {
    attempt: attempt.id,
    pod: attempt.pod,
    ...(worker.state === 'ended' ? { worker: endOf(worker) } : {}),
    ...(sidecar.state === 'ended' ? { sidecar: endOf(sidecar) } : {}),
    ...(disrupted !== undefined && !workerEndSeen ? { disrupted } : {}),
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

function readContainer(statuses: Statuses, name: string): ContainerState {
  const { terminated, running, waiting } = statuses?.find((status) => status.name === name)?.state ?? {};
  if (terminated !== undefined) {
    const { exitCode, reason, message, finishedAt } = terminated;
    return { state: 'ended', exitCode, reason: text(reason), ...defined({ message, finishedAt }) };
  }
  if (running !== undefined) return { state: 'running', startedAt: text(running.startedAt) };
  return { state: 'waiting', ...defined({ reason: waiting?.reason, message: waiting?.message }) };
}

/** Without the members that are undefined: exactOptionalPropertyTypes tells absent from undefined, and so does JSON. */
function defined(members: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(members).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

const involuntary = ['Evicted', 'NodeLost', 'NodeShutdown', 'Terminated'];

/** Observations 13 and 20: an eviction for disk use and a node's reboot come without DisruptionTarget. */
function readDisruption({ metadata, status = {} }: Pod): string | undefined {
  const target = status.conditions?.find(
    (condition) => condition.type === 'DisruptionTarget' && condition.status === 'True',
  );
  if (target !== undefined) return target.reason ?? 'DisruptionTarget';
  if (metadata?.deletionTimestamp !== undefined) return 'Deleted';
  if (involuntary.includes(text(status.reason))) return status.reason;
  return status.containerStatuses?.some(isLost) === true ? 'ContainerStatusUnknown' : undefined;
}

function isLost({ state }: NonNullable<Statuses>[number]): boolean {
  return state?.terminated?.reason === 'ContainerStatusUnknown';
}

function readWaiting(pod: Pod, worker: Extract<ContainerState, { state: 'waiting' }>): string | undefined {
  const unscheduled = pod.status?.conditions?.find(
    ({ type, status }) => type === 'PodScheduled' && status === 'False',
  );
  if (unscheduled !== undefined) return [unscheduled.reason, unscheduled.message].filter(Boolean).join(': ');
  if (worker.reason === undefined) return undefined;
  return [worker.reason, worker.message].filter(Boolean).join(': ');
}
