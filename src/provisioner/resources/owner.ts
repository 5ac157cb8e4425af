import type { Job } from '../../kubernetes/types.ts';

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
