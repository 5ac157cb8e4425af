import type {
  V1ConfigMap,
  V1Container,
  V1Job,
  V1Lease,
  V1Pod,
  V1PodSpec,
  V1PodTemplateSpec,
  V1Secret,
  V1Volume,
  CoreV1Event,
} from '@kubernetes/client-node';

// Wire shapes under Kubernetes' own names, so that only this folder imports the client library. Times are RFC 3339
// strings here: objects travel as plain JSON, never through the library's serializer.
type Wire<T> = T extends Date
  ? string
  : T extends (infer U)[]
    ? Wire<U>[]
    : T extends object
      ? { [K in keyof T]: Wire<T[K]> }
      : T;

export type Job = Wire<V1Job>;
export type Pod = Wire<V1Pod>;
export type PodSpec = Wire<V1PodSpec>;
export type PodTemplateSpec = Wire<V1PodTemplateSpec>;
export type Container = Wire<V1Container>;
export type Volume = Wire<V1Volume>;
export type ConfigMap = Wire<V1ConfigMap>;
export type Secret = Wire<V1Secret>;
export type Lease = Wire<V1Lease>;
export type Event = Wire<CoreV1Event>;

/** The members that every kind has. */
export interface KubernetesObject {
  apiVersion?: string;
  kind?: string;
  metadata?: Job['metadata'];
}
