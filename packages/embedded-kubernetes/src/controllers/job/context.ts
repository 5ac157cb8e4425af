import type { KubeObject } from '../../objects/kube-object.ts';
import type { Pod } from '../../objects/pod.ts';
import type { RecordEvent } from '../../registry/record-event.ts';
import type { Registry } from '../../registry/types.ts';
import type { BackOff } from './back-off.ts';

/** What the steps of a reconciliation share. */
export interface JobControllerContext {
  registry: Registry;
  now: () => Date;
  record: RecordEvent;
  /** Pauses before replacements. */
  backOff: BackOff;
  /** Pauses after pods that could not be created. */
  refusals: BackOff;
}

/** The pods that the Job controls. */
export function podsOf({ registry }: JobControllerContext, job: KubeObject): Pod[] {
  const pods = registry.list('pods', job.metadata.namespace).items as Pod[];
  return pods.filter((pod) =>
    pod.metadata.ownerReferences?.some(
      (owner) => owner.controller === true && owner.uid === job.metadata.uid,
    ),
  );
}
