import {
  type ContainerStatus,
  mergedConditions,
  type Pod,
  type PodCondition,
  type PodStatus,
} from '../objects/pod.ts';
import type { ContainerRun } from './container-run.ts';

export interface PodProgress {
  inits: ContainerRun[];
  mains: ContainerRun[];
  /** Set once no container will run any more. */
  end?: { phase: 'Succeeded' | 'Failed'; reason?: string; message?: string };
  startTime: string;
  /** All volumes are there: the pod has its sandbox, and its containers can be made. */
  isMounted: boolean;
}

const address = '127.0.0.1';

/** What a kubelet would report about the pod; conditions of others stay as they are. */
export function buildPodStatus(pod: Pod, progress: PodProgress, time: string): PodStatus {
  const { inits, mains, end } = progress;
  const { reason, message } = end ?? {};
  const status: PodStatus = {
    ...pod.status,
    phase: phaseOf(progress),
    conditions: mergedConditions(pod.status.conditions, conditionsOf(progress), time),
    hostIP: address,
    hostIPs: [{ ip: address }],
    ...(progress.isMounted ? { podIP: address, podIPs: [{ ip: address }] } : {}),
    startTime: progress.startTime,
    ...(inits.length > 0 ? { initContainerStatuses: inits.map((run) => run.status) } : {}),
    containerStatuses: mains.map((run) => run.status),
  };
  if (reason !== undefined) status.reason = reason;
  if (message !== undefined) status.message = message;
  return status;
}

/** The conditions of a pod whose containers are lost. */
export function endedConditions({ status }: Pod, phase: string, time: string): PodCondition[] {
  const ready = { reason: phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed' };
  const own = [
    { type: 'PodReadyToStartContainers', status: 'False' },
    condition('Ready', false, ready),
    condition('ContainersReady', false, ready),
  ];
  return mergedConditions(status.conditions, own, time);
}

/** Whether all main containers ended well; anything else is a failure. */
export function verdictOf(mains: ContainerStatus[]): 'Succeeded' | 'Failed' {
  return mains.every(({ state }) => state.terminated?.exitCode === 0) ? 'Succeeded' : 'Failed';
}

/** Init containers that ended well, and sidecars that have started. */
export function isInitialized(inits: ContainerRun[]): boolean {
  return inits.every(({ isSidecar, status }) =>
    isSidecar ? status.started || hasRun(status) : status.state.terminated?.exitCode === 0,
  );
}

function hasRun({ state, lastState }: ContainerStatus): boolean {
  return (state.terminated ?? lastState.terminated) !== undefined;
}

function phaseOf({ inits, mains, end }: PodProgress): string {
  if (end) return end.phase;
  const begun = mains.some(({ status }) => status.state.running ?? hasRun(status));
  return begun && isInitialized(inits) ? 'Running' : 'Pending';
}

function conditionsOf(progress: PodProgress): PodCondition[] {
  const { inits, mains, end, isMounted } = progress;
  const lasting = [...inits.filter((run) => run.isSidecar), ...mains].map((run) => run.status);
  const initialized = isInitialized(inits);
  const over = end ? { reason: end.phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed' } : undefined;
  const unready = end ? [] : lasting.filter((status) => !status.ready);
  const ready = over ?? listing('ContainersNotReady', 'containers with unready status', unready);
  const pending = inits.filter((run) => !isInitialized([run])).map((run) => run.status);
  const notInitialized = listing('ContainersNotInitialized', 'containers with incomplete status', pending);
  return [
    { type: 'PodReadyToStartContainers', status: isMounted && !end ? 'True' : 'False' },
    condition('Initialized', initialized, initialized ? completed(end) : notInitialized),
    condition('Ready', !ready, ready),
    condition('ContainersReady', !ready, ready),
    { type: 'PodScheduled', status: 'True' },
  ];
}

function completed(end: PodProgress['end']) {
  return end?.phase === 'Succeeded' ? { reason: 'PodCompleted' } : undefined;
}

function listing(reason: string, what: string, statuses: ContainerStatus[]) {
  if (statuses.length === 0) return undefined;
  return { reason, message: `${what}: [${statuses.map(({ name }) => name).join(' ')}]` };
}

function condition(
  type: string,
  isTrue: boolean,
  why: { reason: string; message?: string } | undefined,
): PodCondition {
  return { type, status: isTrue ? 'True' : 'False', ...why };
}
