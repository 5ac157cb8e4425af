import { timestamp } from '../registry/timestamp.ts';
import type { NodeContext } from './context.ts';
import { podKey } from './pod.ts';
import type { Pod, PodCondition } from './pod.ts';
import { unschedulable } from './schedule-pod.ts';
import type { Node } from './schedule-pod.ts';

/** The scheduler: gives the pod to the node, or says on the pod why it has to wait. */
export function bindPod(context: NodeContext, seen: Pod): void {
  const { registry, node, recordScheduling: record } = context;
  const pod = registry.get(podKey(seen)) as Pod | undefined;
  if (!pod || pod.spec.nodeName !== undefined || pod.metadata.deletionTimestamp !== undefined) return;
  const why = waitReason(context, pod);
  if (why === undefined) {
    const message = `Successfully assigned ${pod.metadata.namespace ?? ''}/${pod.metadata.name} to ${node.name}`;
    record(pod, { type: 'Normal', reason: 'Scheduled', message });
  } else if (why.reason === 'Unschedulable') {
    record(pod, { type: 'Warning', reason: 'FailedScheduling', message: why.message });
  }
  const time = timestamp(context.now());
  registry.modify(podKey(pod), (draft) => {
    const { spec, status } = draft as Pod;
    if (why === undefined) spec.nodeName = node.name;
    const known = status.conditions?.find(({ type }) => type === 'PodScheduled');
    const scheduled: PodCondition = {
      type: 'PodScheduled',
      status: why === undefined ? 'True' : 'False',
      ...why,
      lastProbeTime: null,
    };
    const lastTransitionTime = known?.status === scheduled.status ? known.lastTransitionTime : time;
    const others = (status.conditions ?? []).filter((each) => each !== known);
    status.conditions = [...others, { ...scheduled, ...(lastTransitionTime ? { lastTransitionTime } : {}) }];
  });
}

function waitReason({ registry, node }: NodeContext, pod: Pod) {
  if ((pod.spec.schedulingGates ?? []).length > 0) {
    return { reason: 'SchedulingGated', message: 'Scheduling is blocked due to non-empty scheduling gates' };
  }
  const found = registry.get({ resource: 'nodes', name: node.name }) as Node | undefined;
  const message = found
    ? unschedulable(pod, found, registry.list('pods').items as Pod[])
    : 'no nodes available to schedule pods';
  return message === undefined ? undefined : { reason: 'Unschedulable', message };
}
