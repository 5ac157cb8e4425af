import type { KubeObject } from '../types.ts';

/** The parts of the kinds that rules look at. What came over HTTP has been checked against the schema before. */
export interface ContainerShape {
  name?: string;
  image?: string;
  command?: string[];
  args?: string[];
  env?: { name?: string; value?: string; valueFrom?: Record<string, unknown> }[];
  envFrom?: Record<string, unknown>[];
  ports?: { protocol?: string; containerPort?: number; hostPort?: number }[];
  resources?: { limits?: Record<string, string>; requests?: Record<string, string> };
  restartPolicy?: string;
  imagePullPolicy?: string;
  terminationMessagePath?: string;
  terminationMessagePolicy?: string;
  volumeMounts?: { name?: string; mountPath?: string; subPath?: string }[];
  startupProbe?: ProbeShape;
  livenessProbe?: ProbeShape;
  readinessProbe?: ProbeShape;
  [member: string]: unknown;
}

export interface ProbeShape {
  timeoutSeconds?: number;
  periodSeconds?: number;
  successThreshold?: number;
  failureThreshold?: number;
  [member: string]: unknown;
}

export interface VolumeShape {
  name?: string;
  configMap?: { name?: string; defaultMode?: number; items?: { key?: string; path?: string }[] };
  secret?: { secretName?: string; defaultMode?: number; items?: { key?: string; path?: string }[] };
  projected?: { defaultMode?: number };
  [member: string]: unknown;
}

export interface TolerationShape {
  key?: string;
  operator?: string;
  effect?: string;
  tolerationSeconds?: number;
}

export interface PodSpecShape {
  containers?: ContainerShape[];
  initContainers?: ContainerShape[];
  volumes?: VolumeShape[];
  restartPolicy?: string;
  nodeName?: string;
  terminationGracePeriodSeconds?: number;
  activeDeadlineSeconds?: number;
  tolerations?: TolerationShape[];
  [member: string]: unknown;
}

export interface PodTemplateShape {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string>; finalizers?: string[] };
  spec?: PodSpecShape;
}

export interface PodFailureRuleShape {
  action?: string;
  onExitCodes?: { containerName?: string; operator?: string; values?: number[] };
  onPodConditions?: { type?: string; status?: string }[];
}

export interface JobSpecShape {
  parallelism?: number;
  completions?: number;
  completionMode?: string;
  backoffLimit?: number;
  activeDeadlineSeconds?: number;
  suspend?: boolean;
  manualSelector?: boolean;
  selector?: { matchLabels?: Record<string, string>; matchExpressions?: unknown[] };
  podFailurePolicy?: { rules?: PodFailureRuleShape[] };
  podReplacementPolicy?: string;
  template?: PodTemplateShape;
  [member: string]: unknown;
}

export function jobSpecOf(object: KubeObject): JobSpecShape {
  return (object['spec'] ?? {}) as JobSpecShape;
}

/** Init containers and containers, in the order they are started in. */
export function containersOf(spec: PodSpecShape): ContainerShape[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
}

export function podSpecOf(object: KubeObject): PodSpecShape {
  return (object['spec'] ?? {}) as PodSpecShape;
}
