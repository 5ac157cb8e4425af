import type { JobSpecShape } from '../registry/kinds/shapes.ts';
import type { KubeObject, ObjectKey } from '../registry/types.ts';

export interface Job extends KubeObject {
  spec: JobSpecShape;
  status: JobStatus;
}

export interface JobStatus {
  conditions?: Condition[];
  startTime?: string;
  completionTime?: string;
  active?: number;
  ready?: number;
  terminating?: number;
  succeeded?: number;
  failed?: number;
  uncountedTerminatedPods?: object;
}

export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastProbeTime?: string | null;
  lastTransitionTime?: string;
}

export interface JobPod extends KubeObject {
  status: JobPodStatus;
}

interface JobPodStatus {
  phase?: string;
  conditions?: Condition[];
  containerStatuses?: ContainerEnd[];
  initContainerStatuses?: ContainerEnd[];
}

interface ContainerEnd {
  name: string;
  restartCount?: number;
  state?: { terminated?: { exitCode: number } };
}

export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';

export function jobKey(job: KubeObject): ObjectKey {
  return keyOf('jobs', job);
}

export function podKey(pod: KubeObject): ObjectKey {
  return keyOf('pods', pod);
}

export function isTracked(pod: KubeObject): boolean {
  return pod.metadata.finalizers?.includes(trackingFinalizer) ?? false;
}

export function hasEnded(pod: JobPod): boolean {
  return pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed';
}

export function isBeingDeleted(pod: KubeObject): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

/** Replacements wait for the end of what they replace. */
export function replacesEndedOnly(job: Job): boolean {
  return job.spec.podReplacementPolicy === 'Failed';
}

function keyOf(resource: string, { metadata }: KubeObject): ObjectKey {
  const { name, namespace } = metadata;
  return { resource, name, ...(namespace === undefined ? {} : { namespace }) };
}
