import type { Node } from '../objects/node.ts';
import { type Container, hasEnded, isSidecar, type Pod, type PodSpec, type Volume } from '../objects/pod.ts';
import { parseQuantity } from '../objects/quantity.ts';
import { tolerationsOf } from '../objects/tolerations.ts';

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
  const wanted = Object.entries(requestsOf(pod.spec)).map(([name, amount]) => {
    const used = running.reduce((sum, other) => sum + (requestsOf(other.spec)[name] ?? 0), 0);
    return { name, amount, used, capacity: parseQuantity(total[name] ?? '0') };
  });
  const short = wanted.filter(({ amount, used, capacity }) => amount > 0 && used + amount > capacity);
  if (short.length === 0) return undefined;
  const names = short.map(({ name }) => `Insufficient ${name}`).sort();
  const isHopeless = short.some(({ amount, capacity }) => amount > capacity);
  return complaint(names.join(', 1 '), isHopeless ? unhelpful : noVictims);
}

/** What a pod asks for: sidecars count beside the mains; other init containers run before them, so only the largest counts. */
function requestsOf({ containers, initContainers: inits = [] }: PodSpec): Record<string, number> {
  const sidecars = sum(inits.filter(isSidecar));
  const lasting = sum([...containers, ...inits.filter(isSidecar)]);
  for (const init of inits.filter((container) => !isSidecar(container))) {
    for (const [name, amount] of Object.entries(sum([init]))) {
      lasting[name] = Math.max(lasting[name] ?? 0, amount + (sidecars[name] ?? 0));
    }
  }
  return lasting;
}

function sum(containers: Container[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const { resources } of containers) {
    for (const [name, quantity] of Object.entries(resources?.requests ?? {})) {
      total[name] = (total[name] ?? 0) + parseQuantity(quantity);
    }
  }
  return total;
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
