import { isTracked } from '../../objects/job.ts';
import { keyOf, type ObjectKey } from '../../objects/kube-object.ts';
import { longestTimer } from '../../objects/timers.ts';
import { createEventRecorder } from '../../registry/record-event.ts';
import type { Registry, WatchEvent } from '../../registry/types.ts';
import { createBackOff } from './back-off.ts';
import { type JobControllerContext, podsOf } from './context.ts';
import { releasePod } from './count-ended-pods.ts';
import { reconcileJob } from './reconcile-job.ts';

export interface JobControllerOptions {
  registry: Registry;
  now?: () => Date;
  /** The first pause before a failed pod is replaced; it doubles. */
  backOffMillis?: number;
}

/** Creates, counts and removes the pods of every Job in the registry until it is stopped. */
export function startJobController(options: JobControllerOptions): { stop(): void } {
  const { registry, now = () => new Date(), backOffMillis = 10_000 } = options;
  const context: JobControllerContext = {
    registry,
    now,
    record: createEventRecorder(registry, { component: 'job-controller' }, now),
    backOff: createBackOff(backOffMillis),
    refusals: createBackOff(1000),
  };
  const queue = createQueue((key) => reconcileJob(context, key));
  const unsubscribe = registry.subscribe((event) => {
    observe(context, event, queue.add);
  });
  for (const job of registry.list('jobs').items) queue.add(keyOf('jobs', job));
  return {
    stop() {
      unsubscribe();
      queue.stop();
    },
  };
}

function observe(context: JobControllerContext, event: WatchEvent, add: (key: ObjectKey) => void): void {
  if (event.resource === 'jobs') {
    add(keyOf('jobs', event.object));
    if (event.type === 'DELETED') {
      context.backOff.forget(event.object.metadata.uid);
      // Without its Job nobody would count a pod any more, and its finalizer would hold it.
      for (const pod of podsOf(context, event.object).filter(isTracked)) releasePod(context, pod);
    }
  } else if (event.resource === 'pods') {
    const owner = event.object.metadata.ownerReferences?.find(
      ({ kind, controller }) => kind === 'Job' && controller === true,
    );
    if (owner) add({ ...keyOf('jobs', event.object), name: owner.name });
  }
}

/** Runs `work` for each added key once per turn of the event loop, and again when it asked for it. */
function createQueue(work: (key: ObjectKey) => number | undefined) {
  const waiting = new Map<string, ObjectKey>();
  const timers = new Map<string, NodeJS.Timeout>();
  let turn: NodeJS.Immediate | undefined;

  function add(key: ObjectKey): void {
    waiting.set(`${key.namespace ?? ''}/${key.name}`, key);
    turn ??= setImmediate(drain);
  }
  function drain(): void {
    turn = undefined;
    const keys = [...waiting];
    waiting.clear();
    for (const [id, key] of keys) {
      clearTimeout(timers.get(id));
      timers.delete(id);
      const again = work(key);
      if (again === undefined) continue;
      const timer = setTimeout(add, Math.min(again, longestTimer), key);
      timers.set(id, timer);
    }
  }
  return {
    add,
    stop(): void {
      clearImmediate(turn);
      for (const timer of timers.values()) clearTimeout(timer);
      waiting.clear();
    },
  };
}
