import { keyOf } from '../objects/kube-object.ts';
import type { Node } from '../objects/node.ts';
import { mergedConditions, type Pod } from '../objects/pod.ts';
import { timestamp } from '../objects/timestamp.ts';
import type { RecordEvent } from '../registry/record-event.ts';
import type { Registry } from '../registry/types.ts';
import { unschedulable } from './schedule-pod.ts';

export interface SchedulerContext {
  registry: Registry;
  nodeName: string;
  now: () => Date;
  record: RecordEvent;
}

/** Gives the pod to the node, or says on the pod why it has to wait; nothing to do for one that has a node or is to end. */
export function bindPod(context: SchedulerContext, seen: Pod): void {
  const { registry, nodeName, record } = context;
  const pod = registry.get(keyOf('pods', seen)) as Pod | undefined;
  if (!pod || pod.spec.nodeName !== undefined || pod.metadata.deletionTimestamp !== undefined) return;
  const why = waitReason(context, pod);
  if (why === undefined) {
    const message = `Successfully assigned ${pod.metadata.namespace ?? ''}/${pod.metadata.name} to ${nodeName}`;
    record(pod, { type: 'Normal', reason: 'Scheduled', message });
  } else if (why.reason === 'Unschedulable') {
    record(pod, { type: 'Warning', reason: 'FailedScheduling', message: why.message });
  }
  const time = timestamp(context.now());
  registry.modify(keyOf('pods', pod), (draft) => {
    const { spec, status } = draft as Pod;
    if (why === undefined) spec.nodeName = nodeName;
    const scheduled = { type: 'PodScheduled', status: why === undefined ? 'True' : 'False', ...why };
    status.conditions = mergedConditions(status.conditions, [scheduled], time);
  });
}

function waitReason({ registry, nodeName }: SchedulerContext, pod: Pod) {
  if ((pod.spec.schedulingGates ?? []).length > 0) {
    return { reason: 'SchedulingGated', message: 'Scheduling is blocked due to non-empty scheduling gates' };
  }
  const found = registry.get({ resource: 'nodes', name: nodeName }) as Node | undefined;
  const message = found
    ? unschedulable(pod, found, registry.list('pods').items as Pod[])
    : 'no nodes available to schedule pods';
  return message === undefined ? undefined : { reason: 'Unschedulable', message };
}
