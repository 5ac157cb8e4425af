import type { Container, Pod } from './pod.ts';
import { hasEnded, isSidecar } from './pod.ts';
import { parseQuantity } from './quantity.ts';

export interface NodeDescription {
  name: string;
  labels: Record<string, string>;
  /** What it claims to have, as quantities. */
  capacity: Record<string, string>;
}

/** Why the pod does not fit onto the only node, in the words of the real scheduler; undefined if it does. */
export function unschedulable(pod: Pod, node: NodeDescription, others: Pod[]): string | undefined {
  if (!isSelected(pod, node)) {
    return complaint(
      "node(s) didn't match Pod's node affinity/selector",
      'Preemption is not helpful for scheduling',
    );
  }
  const running = others.filter((other) => other.spec.nodeName === node.name && !hasEnded(other));
  const lacking = Object.entries(requestsOf(pod)).filter(([name, wanted]) => {
    const used = running.reduce((sum, other) => sum + (requestsOf(other)[name] ?? 0), 0);
    return wanted > 0 && used + wanted > parseQuantity(node.capacity[name] ?? '0');
  });
  if (lacking.length > 0) {
    const names = lacking.map(([name]) => `Insufficient ${name}`).join(', 1 ');
    return complaint(names, 'No preemption victims found for incoming pod');
  }
  if (running.length >= parseQuantity(node.capacity['pods'] ?? '110')) {
    return complaint('Too many pods', 'No preemption victims found for incoming pod');
  }
  return undefined;
}

// Required node affinity is not evaluated, so that a pod that has it is never placed by accident.
function isSelected({ spec }: Pod, node: NodeDescription): boolean {
  if (spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution !== undefined) return false;
  return Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => node.labels[key] === value);
}

function complaint(why: string, preemption: string): string {
  return `0/1 nodes are available: 1 ${why}. preemption: 0/1 nodes are available: 1 ${preemption}.`;
}

/** Sidecars count beside the mains; each init container runs before the mains, so only the largest counts. */
function requestsOf({ spec }: Pod): Record<string, number> {
  const inits = spec.initContainers ?? [];
  const lasting = sum([...spec.containers, ...inits.filter(isSidecar)]);
  const sidecars = sum(inits.filter(isSidecar));
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
