import { labelSelector, objectMeta, objectReference } from './meta-schema.ts';
import { podSpec, podStatus, podTemplate } from './pod-schema.ts';
import {
  any,
  boolean,
  fields,
  integer,
  list,
  map,
  microTime,
  object,
  quantity,
  set,
  string,
  time,
} from './schema.ts';
import type { Schema } from './schema.ts';

const typed = { apiVersion: string, kind: string, metadata: objectMeta };

const failureRule = object({
  action: string,
  onExitCodes: object({ containerName: string, operator: string, values: list(integer) }),
  onPodConditions: list(object({ type: string, status: string })),
});

const jobSpec = object({
  ...fields(
    integer,
    'parallelism completions activeDeadlineSeconds backoffLimit backoffLimitPerIndex maxFailedIndexes ttlSecondsAfterFinished',
  ),
  ...fields(string, 'completionMode podReplacementPolicy managedBy'),
  ...fields(boolean, 'manualSelector suspend'),
  podFailurePolicy: object({ rules: list(failureRule) }),
  successPolicy: any,
  selector: labelSelector,
  template: podTemplate,
});

const jobStatus = object({
  ...fields(string, 'completedIndexes failedIndexes'),
  ...fields(time, 'startTime completionTime'),
  ...fields(integer, 'active succeeded failed terminating ready observedGeneration'),
  conditions: list(any, 'type'),
  uncountedTerminatedPods: any,
});

const leaseSpec = object({
  ...fields(string, 'holderIdentity strategy preferredHolder'),
  ...fields(microTime, 'acquireTime renewTime'),
  ...fields(integer, 'leaseDurationSeconds leaseTransitions'),
});

/** The members of each kind this cluster serves, by plural name. */
export const kindSchemas: Record<string, Schema> = {
  configmaps: object({ ...typed, data: map(string), binaryData: map(string), immutable: boolean }),
  events: object({
    ...typed,
    involvedObject: objectReference,
    related: objectReference,
    ...fields(string, 'reason message type action reportingComponent reportingInstance'),
    ...fields(time, 'firstTimestamp lastTimestamp'),
    eventTime: microTime,
    count: integer,
    source: object({ component: string, host: string }),
    series: any,
  }),
  jobs: object({ ...typed, spec: jobSpec, status: jobStatus }),
  leases: object({ ...typed, spec: leaseSpec }),
  namespaces: object({
    ...typed,
    spec: object({ finalizers: set(string) }),
    status: object({ phase: string, conditions: list(any, 'type') }),
  }),
  nodes: object({
    ...typed,
    spec: object({
      ...fields(string, 'podCIDR providerID'),
      unschedulable: boolean,
      podCIDRs: set(string),
      taints: list(object({ ...fields(string, 'key value effect'), timeAdded: time })),
    }),
    status: object({
      ...fields(map(quantity), 'capacity allocatable'),
      ...fields(any, 'nodeInfo daemonEndpoints images'),
      conditions: list(any, 'type'),
      addresses: list(any, 'type'),
    }),
  }),
  pods: object({ ...typed, spec: podSpec, status: podStatus }),
  resourcequotas: object({
    ...typed,
    spec: object({ hard: map(quantity), scopes: list(string), scopeSelector: any }),
    status: object(fields(map(quantity), 'hard used')),
  }),
  rolebindings: object({
    ...typed,
    subjects: list(object(fields(string, 'kind name namespace apiGroup'))),
    roleRef: object(fields(string, 'kind name apiGroup')),
  }),
  roles: object({
    ...typed,
    rules: list(object(fields(list(string), 'apiGroups resources resourceNames verbs'))),
  }),
  secrets: object({ ...typed, data: map(string), stringData: map(string), type: string, immutable: boolean }),
  serviceaccounts: object({
    ...typed,
    secrets: list(objectReference, 'name'),
    imagePullSecrets: list(object({ name: string }), 'name'),
    automountServiceAccountToken: boolean,
  }),
};
