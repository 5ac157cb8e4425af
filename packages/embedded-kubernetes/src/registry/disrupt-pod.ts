import { isBeingDeleted, type ObjectKey } from '../objects/kube-object.ts';
import { hasEnded, mergedConditions, type Pod } from '../objects/pod.ts';
import { timestamp } from '../objects/timestamp.ts';
import type { DeleteOptions, Registry } from './types.ts';

export interface Disruption {
  reason: 'EvictionByEvictionAPI' | 'DeletionByTaintManager';
  message: string;
  now: Date;
  options?: DeleteOptions;
}

/** Deletes a pod and says on the pod itself, before, that it was not its own fault. */
export function disruptPod(registry: Registry, key: ObjectKey, disruption: Disruption): void {
  const { reason, message, now, options } = disruption;
  registry.modify(key, (draft) => {
    if (isBeingDeleted(draft) || hasEnded(draft)) return;
    const { status } = draft as Pod;
    const target = { type: 'DisruptionTarget', status: 'True', reason, message };
    status.conditions = mergedConditions(status.conditions, [target], timestamp(now));
  });
  registry.delete(key, options);
}
