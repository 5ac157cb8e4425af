import { isServiceError, ServiceError } from '../../errors.ts';
import {
  compareAge,
  readAttempt,
  workerContainer,
  type Attempt,
  type sidecarContainer,
} from '../../flow/attempt.ts';
import { flowLabel } from '../../flow/labels.ts';
import { secretReferences } from '../../flow/secret-references.ts';
import type { ShownLog } from '../../flow/timed-log.ts';
import type { Pod } from '../../kubernetes/types.ts';
import type { RequestDependencies } from '../flow-service.ts';
import { listArchivedLogs, openArchivedLog, type ArchivedLog } from './archived-log.ts';
import { openPodLog } from './pod-log.ts';
import { readSecrets } from './read-secrets.ts';

export interface WantedLog extends ShownLog {
  flow: string;
  container: typeof workerContainer | typeof sidecarContainer;
  /** Go on until the container has ended. */
  follow: boolean;
  /** From the end. Default: all that is kept. */
  tailLines?: number;
  /** Pod UID. Default: the latest. */
  attempt?: string;
}

export type FoundLog =
  /** Without the values of the container's Secrets. Reading it throws if the log breaks off. */
  | { kind: 'log'; source: 'pod' | 'archive'; attempt: string; bytes: AsyncIterable<Buffer> }
  /** The container has not started. */
  | { kind: 'waiting' }
  /** No log is left of the attempt. `attempts` are those that have one. */
  | { kind: 'none'; attempts: string[] };

type Dependencies = Pick<RequestDependencies, 'cluster' | 'store'>;

const mostPods = 100;

interface SeenPod {
  pod: Pod;
  attempt: Attempt;
}

/** Reads the pods from the cluster, since the cache has no pod whose end is saved; then what is kept of those that are gone. */
export async function findLog(deps: Dependencies, wanted: WantedLog, signal: AbortSignal): Promise<FoundLog> {
  const pods = await listPods(deps, wanted, signal);
  const chosen = choose(pods, ({ attempt }) => attempt.id, wanted);
  const live = chosen && (await lookAtPod(deps, { wanted, ...chosen }, signal));
  if (live?.found !== undefined) return live.found;
  const archived =
    wanted.container === workerContainer ? await listArchivedLogs(deps.store, wanted.flow, signal) : [];
  const log = choose(archived, ({ attempt }) => attempt, {
    ...wanted,
    attempt: chosen?.attempt.id ?? wanted.attempt,
  });
  if (log !== undefined) return await findArchivedLog(deps, { wanted, log }, signal);
  // The log may be on the node, which may come back.
  if (live?.unreachable !== undefined) throw live.unreachable;
  return { kind: 'none', attempts: namesOf(pods, archived) };
}

async function listPods(
  { cluster }: Dependencies,
  { flow }: WantedLog,
  signal: AbortSignal,
): Promise<SeenPod[]> {
  const options = { labelSelector: `${flowLabel}=${flow}`, limit: mostPods };
  const { items } = await cluster.pods.list(options, signal);
  return items
    .map((pod) => ({ pod, attempt: readAttempt(pod) }))
    .sort((a, b) => compareAge(a.attempt, b.attempt));
}

/** Of those from the oldest to the newest. */
function choose<T>(
  all: readonly T[],
  nameOf: (one: T) => string,
  { attempt }: { attempt?: string | undefined },
): T | undefined {
  return all.findLast((one) => attempt === undefined || nameOf(one) === attempt);
}

function namesOf(pods: readonly SeenPod[], archived: readonly ArchivedLog[]): string[] {
  return [...new Set([...archived.map(({ attempt }) => attempt), ...pods.map(({ attempt }) => attempt.id)])];
}

function containerOf(attempt: Attempt, { container }: WantedLog): Attempt['worker'] {
  return container === workerContainer ? attempt.worker : attempt.sidecar;
}

/** Neither: its node has no log of the container. */
interface PodLook {
  found?: FoundLog;
  /** Its node did not answer. */
  unreachable?: ServiceError;
}

async function lookAtPod(
  deps: Dependencies,
  seen: SeenPod & { wanted: WantedLog },
  signal: AbortSignal,
): Promise<PodLook> {
  const { attempt, wanted } = seen;
  if (containerOf(attempt, wanted).state === 'waiting')
    return attempt.terminal ? {} : { found: { kind: 'waiting' } };
  try {
    return { found: await openLogOf(deps, seen, signal) };
  } catch (error) {
    // The pod has changed since it was read, a Secret that the log may contain is gone, or the containers are removed while our finalizer
    // keeps the pod.
    if (isServiceError(error, 'cluster-refused', 'cluster-not-found')) return {};
    if (isServiceError(error, 'cluster-unavailable', 'deadline-exceeded')) return { unreachable: error };
    throw error;
  }
}

async function openLogOf(
  { cluster }: Dependencies,
  { wanted, pod, attempt }: SeenPod & { wanted: WantedLog },
  signal: AbortSignal,
): Promise<FoundLog> {
  const secrets = await readSecrets(cluster, secretReferences(pod, wanted.container), signal);
  async function isOver(): Promise<boolean> {
    if (!wanted.follow) return true;
    const now = await cluster.pods.get(attempt.pod, signal);
    return now === undefined || containerOf(readAttempt(now), wanted).state === 'ended';
  }
  const ended = containerOf(attempt, wanted).state === 'ended';
  const opened = { wanted, pod: attempt.pod, ended, secrets, isOver };
  return {
    ...{ kind: 'log', source: 'pod', attempt: attempt.id },
    bytes: await openPodLog(cluster, opened, signal),
  };
}

async function findArchivedLog(
  { store }: Dependencies,
  { wanted, log }: { wanted: WantedLog; log: ArchivedLog },
  signal: AbortSignal,
): Promise<FoundLog> {
  try {
    const bytes = await openArchivedLog(store, { ...wanted, log }, signal);
    return { kind: 'log', source: 'archive', attempt: log.attempt, bytes };
  } catch (error) {
    if (!isServiceError(error, 'object-missing', 'precondition-failed')) throw error;
    throw new ServiceError('gone', 'the log has just been deleted or replaced; try again', { cause: error });
  }
}
