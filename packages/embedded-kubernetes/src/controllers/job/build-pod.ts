import { type Job, trackingFinalizer } from '../../objects/job.ts';
import type { ObjectInput } from '../../objects/kube-object.ts';

/** The next pod of a Job, from its template. */
export function buildPod(job: Job): ObjectInput {
  const { metadata = {}, spec = {} } = job.spec.template ?? {};
  return {
    metadata: {
      generateName: `${job.metadata.name}-`,
      ...(job.metadata.namespace === undefined ? {} : { namespace: job.metadata.namespace }),
      labels: { ...metadata.labels },
      ...(metadata.annotations ? { annotations: metadata.annotations } : {}),
      finalizers: [...(metadata.finalizers ?? []), trackingFinalizer],
      ownerReferences: [
        {
          apiVersion: 'batch/v1',
          kind: 'Job',
          name: job.metadata.name,
          uid: job.metadata.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec,
  };
}
