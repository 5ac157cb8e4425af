import { connectorLabel, flowLabel, managedBy, managedByLabel, templateLabel } from '../flow/labels.ts';
import type { FlowRequest } from '../flow/flow-request.ts';
import type { Job } from '../kubernetes/types.ts';

/** On everything that belongs to one flow. */
export function buildFlowLabels(flow: string): Record<string, string> {
  return { [managedByLabel]: managedBy, [flowLabel]: flow };
}

/** On the Job and its pods as well: what people select by. */
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

/** The garbage collector takes what a Job owns when the Job goes. */
export function buildOwnerReference({ name, uid }: Owner): OwnerReference {
  return { apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true };
}
