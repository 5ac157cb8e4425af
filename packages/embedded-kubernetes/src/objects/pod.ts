import type { KubeObject } from './kube-object.ts';
import type { Toleration } from './tolerations.ts';

/** The parts of a pod that somebody here looks at; what the registry stores has been defaulted and checked. */
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
  [member: string]: unknown;
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
    resourceFieldRef?: ResourceSelector;
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

export interface ResourceSelector {
  containerName?: string;
  resource: string;
  divisor?: string;
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

export function hasEnded({ status }: KubeObject): boolean {
  const { phase } = (status ?? {}) as PodStatus;
  return phase === 'Succeeded' || phase === 'Failed';
}

/** The conditions with `own` among them: the time of one changes with its status alone. */
export function mergedConditions(
  known: PodCondition[] | undefined,
  own: PodCondition[],
  time: string,
): PodCondition[] {
  const others = (known ?? []).filter((each) => !own.some(({ type }) => type === each.type));
  const current = own.map((each) => {
    const before = known?.find(({ type }) => type === each.type);
    const lastTransitionTime = before?.status === each.status ? before.lastTransitionTime : undefined;
    return { ...each, lastProbeTime: null, lastTransitionTime: lastTransitionTime ?? time };
  });
  return [...others, ...current];
}

/** As a request may have it: any member may be missing. */
export type Unchecked<T> = T extends (infer E)[]
  ? Unchecked<E>[]
  : T extends object
    ? { [K in keyof T]?: Unchecked<T[K]> }
    : T;

/** The statuses of containers and init containers. A client that writes a pod's status can leave members out. */
export function containerStatusesOf({ status }: Pod): Unchecked<ContainerStatus>[] {
  return [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])];
}

export type UncheckedPodSpec = Unchecked<PodSpec>;
export type UncheckedContainer = Unchecked<Container>;
export type UncheckedVolume = Unchecked<Volume>;

export function podSpecOf(object: KubeObject): UncheckedPodSpec {
  return object['spec'] ?? {};
}

/** Init containers and containers, in the order they are started in. */
export function containersOf({
  initContainers = [],
  containers = [],
}: UncheckedPodSpec): UncheckedContainer[] {
  return [...initContainers, ...containers];
}
