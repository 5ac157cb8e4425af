import { connectorLabel, flowLabel, managedBy, managedByLabel, templateLabel } from '../flow/labels.ts';
import type { FlowRequest } from '../flow/flow-request.ts';
import type { Job } from '../kubernetes/types.ts';

/** Labels of all objects of a flow. */
export function buildFlowLabels(flow: string): Record<string, string> {
  return { [managedByLabel]: managedBy, [flowLabel]: flow };
}

/** Labels of the Job and its pods: people select by template and connector. */
export function buildJobLabels(flow: string, request: FlowRequest): Record<string, string> {
  return {
    ...buildFlowLabels(flow),
    [templateLabel]: request.template,
    [connectorLabel]: request.connector,
  };
}

/** The flow's Job, once it exists. */
export interface Owner {
  name: string;
  uid: string;
}

type Metadata = NonNullable<Job['metadata']>;
type OwnerReference = NonNullable<Metadata['ownerReferences']>[number];

/** The garbage collector deletes the owned objects with the Job. */
export function buildOwnerReference({ name, uid }: Owner): OwnerReference {
  return { apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true };
}
