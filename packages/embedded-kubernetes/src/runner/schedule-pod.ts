import type { KubeObject } from '../registry/types.ts';
import type { Pod, PodCondition, Volume } from './pod.ts';
import { hasEnded } from './pod.ts';
import { amountsOf } from '../registry/pod-resources.ts';
import { parseQuantity } from '../registry/quantity.ts';
import { tolerationsOf } from './tolerations.ts';
import type { Taint } from './tolerations.ts';

/** A node as anybody may have written it: with resources, labels and taints of their own, or without what it was registered with. */
export interface Node extends KubeObject {
  spec?: { taints?: Taint[]; unschedulable?: boolean };
  status?: { capacity?: Record<string, string>; conditions?: PodCondition[] };
}

const unhelpful = 'Preemption is not helpful for scheduling';
const noVictims = 'No preemption victims found for incoming pod';

/** Why the pod does not fit onto the only node, in the words of the real scheduler; undefined if it does. */
export function unschedulable(pod: Pod, node: Node, others: Pod[]): string | undefined {
  const claim = pod.spec.volumes?.find((volume) => volume['persistentVolumeClaim'] !== undefined);
  if (claim)
    return `0/1 nodes are available: persistentvolumeclaim "${claimName(claim)}" not found. not found`;
  if (node.spec?.unschedulable) return complaint('node(s) were unschedulable', unhelpful);
  if (!toleratesAll(pod, node)) return complaint('node(s) had untolerated taint(s)', unhelpful);
  if (!isSelected(pod, node))
    return complaint("node(s) didn't match Pod's node affinity/selector", unhelpful);
  const running = others.filter((other) => other.spec.nodeName === node.metadata.name && !hasEnded(other));
  return lacking(pod, node, running);
}

function lacking(pod: Pod, node: Node, running: Pod[]): string | undefined {
  const { capacity: total = {} } = node.status ?? {};
  if (running.length >= parseQuantity(total['pods'] ?? '110')) {
    return complaint('Too many pods', noVictims);
  }
  const wanted = Object.entries(amountsOf(pod.spec, 'requests')).map(([name, amount]) => {
    const used = running.reduce((sum, other) => sum + (amountsOf(other.spec, 'requests')[name] ?? 0), 0);
    return { name, amount, used, capacity: parseQuantity(total[name] ?? '0') };
  });
  const short = wanted.filter(({ amount, used, capacity }) => amount > 0 && used + amount > capacity);
  if (short.length === 0) return undefined;
  const names = short.map(({ name }) => `Insufficient ${name}`).sort();
  const isHopeless = short.some(({ amount, capacity }) => amount > capacity);
  return complaint(names.join(', 1 '), isHopeless ? unhelpful : noVictims);
}

function toleratesAll({ spec }: Pod, node: Node): boolean {
  return (node.spec?.taints ?? []).every(
    (taint) => taint.effect === 'PreferNoSchedule' || tolerationsOf(spec.tolerations, taint).length > 0,
  );
}

// Required node affinity is not evaluated, so that a pod that has it is never placed by accident.
function isSelected({ spec }: Pod, { metadata }: Node): boolean {
  if (spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution !== undefined) return false;
  return Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => metadata.labels?.[key] === value);
}

function claimName(volume: Volume): string {
  return (volume['persistentVolumeClaim'] as { claimName?: string }).claimName ?? '';
}

function complaint(why: string, preemption: string): string {
  return `0/1 nodes are available: 1 ${why}. no new claims to deallocate, preemption: 0/1 nodes are available: 1 ${preemption}.`;
}
