import { keyOf } from '../objects/kube-object.ts';
import { healthyConditions, type Node } from '../objects/node.ts';
import { hasEnded, type Pod, type PodCondition } from '../objects/pod.ts';
import { longestTimer } from '../objects/timers.ts';
import { timestamp } from '../objects/timestamp.ts';
import { type Taint, tolerationsOf } from '../objects/tolerations.ts';
import { disruptPod } from '../registry/disrupt-pod.ts';
import { createEventRecorder, type RecordEvent } from '../registry/record-event.ts';
import type { Registry } from '../registry/types.ts';

/** Power over the node, as one has over the plug of a machine. */
export interface NodePower {
  name: string;
  /** Every process of its pods ends at once; what their status says stays, until the cluster has noticed. */
  cut(): Promise<void>;
  restore(): void;
}

export interface NodePowerOptions {
  registry: Registry;
  kubelet: NodePower;
  now: () => Date;
  /** How long a node is silent before it is NotReady. */
  graceMillis: number;
}

const unreachable = 'node.kubernetes.io/unreachable';
const taints: Taint[] = [
  { key: unreachable, effect: 'NoSchedule' },
  { key: unreachable, effect: 'NoExecute' },
];

/**
 * What a cluster does about a node it no longer hears from: NotReady and tainted after a grace, and its pods marked for
 * deletion once their tolerations are over; they stay until the node is back, since only its kubelet knows their end.
 */
export function createNodePower(options: NodePowerOptions): NodePower & { stop(): void } {
  const { registry, kubelet, now, graceMillis } = options;
  const timers = new Set<NodeJS.Timeout>();
  const context = {
    ...{ registry, now, name: kubelet.name, after },
    record: createEventRecorder(registry, { component: 'node-controller' }, now),
  };

  function after(millis: number, act: () => void): void {
    timers.add(setTimeout(act, Math.min(millis, longestTimer)));
  }
  function stop(): void {
    for (const timer of timers) clearTimeout(timer);
    timers.clear();
  }
  return {
    name: kubelet.name,
    stop,
    async cut() {
      stop();
      await kubelet.cut();
      after(graceMillis, () => {
        giveUp(context);
      });
    },
    restore() {
      stop();
      registry.modify({ resource: 'nodes', name: kubelet.name }, (draft) => {
        const { spec, status } = draft as Node;
        const others = (spec?.taints ?? []).filter(({ key }) => key !== unreachable);
        draft['spec'] = { ...spec, taints: others.length > 0 ? others : undefined };
        draft['status'] = { ...status, conditions: healthyConditions(now()) };
      });
      kubelet.restore();
    },
  };
}

interface Context {
  registry: Registry;
  now: () => Date;
  name: string;
  record: RecordEvent;
  readonly after: (millis: number, act: () => void) => void;
}

function giveUp(context: Context): void {
  const { registry, now, name } = context;
  const time = timestamp(now());
  registry.modify({ resource: 'nodes', name }, (draft) => {
    const { spec, status } = draft as Node;
    const own = taints.map((taint) => ({ ...taint, timeAdded: time }));
    draft['spec'] = { ...spec, taints: [...(spec?.taints ?? []), ...own] };
    const unknown = {
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
      lastTransitionTime: time,
    };
    const conditions = (status?.conditions ?? []).map((condition) => ({ ...condition, ...unknown }));
    draft['status'] = { ...status, conditions };
  });
  for (const pod of registry.list('pods').items as Pod[]) {
    if (pod.spec.nodeName === name && !hasEnded(pod)) abandonPod(context, pod);
  }
}

function abandonPod(context: Context, pod: Pod): void {
  const { registry, record, after } = context;
  registry.modify(keyOf('pods', pod), (draft) => {
    unready((draft as Pod).status.conditions ?? [], timestamp(context.now()));
  });
  record(pod, { type: 'Warning', reason: 'NodeNotReady', message: 'Node is not ready' });
  const seconds = secondsTolerated(pod);
  if (seconds === undefined) return;
  after(seconds * 1000, () => {
    evict(context, pod);
  });
}

function unready(conditions: PodCondition[], time: string): void {
  const ready = conditions.find(({ type, status }) => type === 'Ready' && status === 'True');
  if (ready) Object.assign(ready, { status: 'False', lastTransitionTime: time });
}

/** The shortest toleration counts; undefined means without end. */
function secondsTolerated({ spec }: Pod): number | undefined {
  const seconds = taints
    .filter(({ effect }) => effect === 'NoExecute')
    .map((taint) => {
      const tolerations = tolerationsOf(spec.tolerations, taint);
      if (tolerations.length === 0) return 0;
      return Math.min(
        ...tolerations.map(({ tolerationSeconds = Infinity }) => Math.max(0, tolerationSeconds)),
      );
    });
  const shortest = Math.min(...seconds);
  return Number.isFinite(shortest) ? shortest : undefined;
}

function evict({ registry, record, now }: Context, seen: Pod): void {
  const pod = registry.get(keyOf('pods', seen)) as Pod | undefined;
  if (pod?.metadata.uid !== seen.metadata.uid || hasEnded(pod)) return;
  const message = `Marking for deletion Pod ${pod.metadata.namespace ?? ''}/${pod.metadata.name}`;
  record(pod, { type: 'Normal', reason: 'TaintManagerEviction', message });
  disruptPod(registry, keyOf('pods', pod), {
    reason: 'DeletionByTaintManager',
    message: 'Taint manager: deleting due to NoExecute taint',
    now: now(),
  });
}
