import { setTimeout as delay } from 'node:timers/promises';
import { readFlow } from '../flow/flow.ts';
import { flowLabel } from '../flow/labels.ts';
import type { Cluster } from '../kubernetes/cluster.ts';
import type { FlowView, Milestone } from './milestones.ts';

/**
 * Polls a flow's Job and pods, as `kubectl` would, and reports each milestone once, in order. Resolves after the last one. Throws if the
 * flow did not succeed, or when the signal aborts.
 */
export async function watchFlow(
  { cluster, flow: name, milestones }: { cluster: Cluster; flow: string; milestones: readonly Milestone[] },
  onMilestone: (milestone: Milestone, text: string, observed: FlowView) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const left = [...milestones];
  while (left.length > 0) {
    const observed = await observe(cluster, name, signal);
    for (let next = left[0]; observed !== undefined && next !== undefined; next = left[0]) {
      const text = next.describe(observed);
      if (text === undefined) break;
      left.shift();
      await onMilestone(next, text, observed);
    }
    const outcome = observed?.flow.outcome;
    if (outcome !== undefined && outcome.phase !== 'succeeded')
      throw new Error(`the flow ${outcome.phase}: ${outcome.reason}: ${outcome.message}`);
    await delay(100, undefined, { signal });
  }
}

async function observe(cluster: Cluster, name: string, signal: AbortSignal): Promise<FlowView | undefined> {
  const job = await cluster.jobs.get(name, signal);
  const flow = job === undefined ? undefined : readFlow(job);
  if (flow === undefined) return undefined;
  const pods = await cluster.pods.list({ labelSelector: `${flowLabel}=${name}` }, signal);
  return { flow, pods: pods.items };
}
