import type { KubeObject, ObjectKey } from '../registry/types.ts';
import type { Toleration } from './tolerations.ts';

/** The parts of a pod that running it needs; what the registry stores has been defaulted and checked. */
export interface Pod extends KubeObject {
  spec: PodSpec;
  status: PodStatus;
}

export interface PodSpec {
  containers: Container[];
  initContainers?: Container[];
  volumes?: Volume[];
  restartPolicy: string;
  nodeName?: string;
  serviceAccountName?: string;
  nodeSelector?: Record<string, string>;
  affinity?: { nodeAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: unknown } };
  schedulingGates?: unknown[];
  tolerations?: Toleration[];
  terminationGracePeriodSeconds: number;
  activeDeadlineSeconds?: number;
}

export interface Container {
  name: string;
  image: string;
  imagePullPolicy?: string;
  command?: string[];
  args?: string[];
  workingDir?: string;
  env?: EnvironmentVariable[];
  envFrom?: EnvironmentSource[];
  volumeMounts?: VolumeMount[];
  resources?: { limits?: Record<string, string>; requests?: Record<string, string> };
  restartPolicy?: string;
  startupProbe?: Probe;
  terminationMessagePath: string;
  terminationMessagePolicy: string;
  [member: string]: unknown;
}

export interface Probe {
  exec?: { command?: string[] };
  initialDelaySeconds?: number;
  periodSeconds: number;
  timeoutSeconds: number;
  successThreshold: number;
  failureThreshold: number;
  [member: string]: unknown;
}

export interface EnvironmentVariable {
  name: string;
  value?: string;
  valueFrom?: {
    fieldRef?: { fieldPath: string };
    configMapKeyRef?: KeySelector;
    secretKeyRef?: KeySelector;
    resourceFieldRef?: { containerName?: string; resource: string; divisor?: string };
    [member: string]: unknown;
  };
}

export interface EnvironmentSource {
  prefix?: string;
  configMapRef?: { name: string; optional?: boolean };
  secretRef?: { name: string; optional?: boolean };
}

export interface KeySelector {
  name: string;
  key: string;
  optional?: boolean;
}

export interface VolumeMount {
  name: string;
  mountPath: string;
  subPath?: string;
  subPathExpr?: string;
}

export interface Volume {
  name: string;
  configMap?: DataVolume & { name: string };
  secret?: DataVolume & { secretName: string };
  [member: string]: unknown;
}

export interface DataVolume {
  items?: { key: string; path: string; mode?: number }[];
  optional?: boolean;
  defaultMode?: number;
}

export interface PodStatus {
  phase?: string;
  reason?: string;
  message?: string;
  conditions?: PodCondition[];
  podIP?: string;
  startTime?: string;
  initContainerStatuses?: ContainerStatus[];
  containerStatuses?: ContainerStatus[];
  [member: string]: unknown;
}

export interface PodCondition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastProbeTime?: string | null;
  lastTransitionTime?: string;
}

export interface ContainerStatus {
  name: string;
  state: ContainerState;
  lastState: ContainerState;
  ready: boolean;
  started: boolean;
  restartCount: number;
  image: string;
  imageID: string;
  containerID?: string;
}

export interface ContainerState {
  waiting?: { reason: string; message?: string };
  running?: { startedAt: string };
  terminated?: Termination;
}

export interface Termination {
  exitCode: number;
  reason: string;
  signal?: number;
  message?: string;
  startedAt?: string;
  finishedAt?: string;
  containerID?: string;
}

export function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always';
}

export function hasEnded(pod: Pod): boolean {
  return pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed';
}

export function podKey({ metadata }: KubeObject): ObjectKey {
  const { name, namespace } = metadata;
  return { resource: 'pods', name, ...(namespace === undefined ? {} : { namespace }) };
}
