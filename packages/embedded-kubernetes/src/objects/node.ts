import type { KubeObject } from './kube-object.ts';
import type { PodCondition } from './pod.ts';
import { timestamp } from './timestamp.ts';
import type { Taint } from './tolerations.ts';

/** A node as anybody may have written it: with resources, labels and taints of their own, or without what it was registered with. */
export interface Node extends KubeObject {
  spec?: { taints?: Taint[]; unschedulable?: boolean };
  status?: { capacity?: Record<string, string>; conditions?: PodCondition[] };
}

const conditions = [
  ['MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
  ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
  ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
  ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'],
] as const;

/** What a node that is up reports about itself. */
export function healthyConditions(now: Date) {
  const time = timestamp(now);
  return conditions.map(([type, status, reason, message]) => ({
    ...{ type, status, reason, message },
    lastHeartbeatTime: time,
    lastTransitionTime: time,
  }));
}
