import type { KubeObject } from './kube-object.ts';
import type { PodCondition, UncheckedPodSpec } from './pod.ts';

/** The parts of a Job that somebody here looks at. */
export interface Job extends KubeObject {
  spec: JobSpec;
  status: JobStatus;
}

export interface JobSpec {
  parallelism?: number;
  completions?: number;
  completionMode?: string;
  backoffLimit?: number;
  activeDeadlineSeconds?: number;
  suspend?: boolean;
  manualSelector?: boolean;
  selector?: { matchLabels?: Record<string, string>; matchExpressions?: unknown[] };
  podFailurePolicy?: { rules?: PodFailureRule[] };
  podReplacementPolicy?: string;
  template?: PodTemplate;
  [member: string]: unknown;
}

export interface PodTemplate {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string>; finalizers?: string[] };
  spec?: UncheckedPodSpec;
}

export interface PodFailureRule {
  action?: string;
  onExitCodes?: { containerName?: string; operator?: string; values?: number[] };
  onPodConditions?: { type?: string; status?: string }[];
}

export interface JobStatus {
  conditions?: PodCondition[];
  startTime?: string;
  completionTime?: string;
  active?: number;
  ready?: number;
  terminating?: number;
  succeeded?: number;
  failed?: number;
  uncountedTerminatedPods?: object;
}

export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';

export function isTracked(pod: KubeObject): boolean {
  return pod.metadata.finalizers?.includes(trackingFinalizer) ?? false;
}

/** Replacements wait for the end of what they replace. */
export function replacesEndedOnly(job: Job): boolean {
  return job.spec.podReplacementPolicy === 'Failed';
}

export function jobSpecOf(object: KubeObject): JobSpec {
  return (object['spec'] ?? {}) as JobSpec;
}
