import { isRecord } from './copy.ts';
import { timestamp } from './timestamp.ts';
import type { DeleteOptions, KubeObject, ObjectKey, Registry } from './types.ts';

export interface Disruption {
  reason: 'EvictionByEvictionAPI' | 'DeletionByTaintManager';
  message: string;
  now: Date;
}

/** Deletes a pod and says on the pod itself, before, that it was not its own fault. */
export function disruptPod(
  registry: Registry,
  key: ObjectKey,
  { options = {}, ...disruption }: Disruption & { options?: DeleteOptions },
): void {
  registry.modify(key, (pod) => {
    markDisrupted(pod, disruption);
  });
  registry.delete(key, options);
}

function markDisrupted(pod: KubeObject, { reason, message, now }: Disruption): void {
  const status = isRecord(pod['status']) ? pod['status'] : {};
  const phase = status['phase'];
  if (pod.metadata.deletionTimestamp !== undefined || phase === 'Succeeded' || phase === 'Failed') return;
  const conditions = Array.isArray(status['conditions']) ? (status['conditions'] as unknown[]) : [];
  const others = conditions.filter(
    (condition) => !isRecord(condition) || condition['type'] !== 'DisruptionTarget',
  );
  const lastTransitionTime = timestamp(now);
  others.push({ type: 'DisruptionTarget', status: 'True', reason, message, lastTransitionTime });
  pod['status'] = { ...status, conditions: others };
}
