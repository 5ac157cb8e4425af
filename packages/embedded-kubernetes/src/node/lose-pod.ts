import { keyOf } from '../objects/kube-object.ts';
import type { ContainerStatus, Pod } from '../objects/pod.ts';
import { timestamp } from '../objects/timestamp.ts';
import type { NodeContext } from './context.ts';
import { endedConditions, verdictOf } from './pod-status.ts';

const unknown = {
  exitCode: 137,
  reason: 'ContainerStatusUnknown',
  message: 'The container could not be located when the pod was terminated',
};
const unknownBefore =
  'The container could not be located when the pod was deleted.  The container used to be Running';

/** What a kubelet reports that finds a pod on its node but none of its processes: it does not run it again. */
export function losePod({ registry, now }: NodeContext, pod: Pod): void {
  const key = keyOf('pods', pod);
  registry.modify(key, (draft) => {
    const { status } = draft as Pod;
    status.initContainerStatuses = status.initContainerStatuses?.map(lost) ?? [];
    status.containerStatuses = status.containerStatuses?.map(lost) ?? [];
    status.phase = verdictOf(status.containerStatuses);
    status.conditions = endedConditions(draft as Pod, status.phase, timestamp(now()));
  });
  if (pod.metadata.deletionTimestamp !== undefined) registry.delete(key, { gracePeriodSeconds: 0 });
}

function lost(status: ContainerStatus): ContainerStatus {
  if (status.state.terminated) return status;
  const wasRunning = status.state.running !== undefined;
  return {
    ...status,
    ...{ started: false, ready: false, imageID: '' },
    state: { terminated: unknown },
    ...(wasRunning
      ? {
          restartCount: status.restartCount + 1,
          lastState: { terminated: { ...unknown, message: unknownBefore } },
        }
      : {}),
  };
}
