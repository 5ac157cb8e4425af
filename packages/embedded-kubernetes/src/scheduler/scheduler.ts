import { hasEnded, type Pod } from '../objects/pod.ts';
import { createEventRecorder } from '../registry/record-event.ts';
import type { Registry } from '../registry/types.ts';
import { bindPod } from './bind-pod.ts';

export interface SchedulerOptions {
  registry: Registry;
  /** The only node there is. */
  nodeName: string;
  now?: () => Date;
}

/** Gives pods to the node, or says on a pod why it has to wait, until it is stopped. */
export function startScheduler(options: SchedulerOptions): { stop(): void } {
  const { registry, nodeName, now = () => new Date() } = options;
  const record = createEventRecorder(registry, { component: 'default-scheduler', isSeries: true }, now);
  const context = { registry, nodeName, now, record };

  function bindAll(): void {
    for (const pod of registry.list('pods').items as Pod[]) bindPod(context, pod);
  }
  const unsubscribe = registry.subscribe(({ type, resource, object }) => {
    // There may be room now.
    const makesRoom = resource === 'pods' && (type === 'DELETED' || hasEnded(object));
    if (resource === 'nodes' || makesRoom) bindAll();
    else if (resource === 'pods') bindPod(context, object as Pod);
  });
  bindAll();
  return { stop: unsubscribe };
}
