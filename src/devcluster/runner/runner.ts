import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { arch } from 'node:os';
import { join } from 'node:path';

import type { PodLogs } from '../pod-logs.ts';
import { createEventRecorder } from '../record-event.ts';
import type { Registry, WatchEvent } from '../registry/types.ts';
import { bindPod } from './bind-pod.ts';
import { realTiming } from './context.ts';
import type { NodeContext, Timing } from './context.ts';
import { linkPrograms } from './find-program.ts';
import type { ImageMap, LocalImage } from './images.ts';
import { hasEnded, podKey } from './pod.ts';
import type { Pod } from './pod.ts';
import { createPodLogs } from './pod-logs.ts';
import { PodRun } from './pod-run.ts';
import { startProcessGuard } from './process-guard.ts';
import { removeFolder } from './remove-folder.ts';

export interface RunnerOptions {
  registry: Registry;
  images: ImageMap;
  /** An existing folder for what pods write; all of it is removed at the end. */
  directory: string;
  now?: () => Date;
  timing?: Partial<Timing>;
  /** What the node claims to have: the scheduler counts requests against it, nothing limits what is used. */
  capacity?: Record<string, string>;
}

export interface Runner {
  logs: PodLogs;
  /** Ends every process that was started and removes every file; pods keep the status they had. */
  stop(): Promise<void>;
}

const nodeName = 'embedded';
const stopMillis = 1000;
const claimed = { cpu: '64', memory: '256Gi', 'ephemeral-storage': '1Ti', pods: '110' };

/**
 * Runs the registry's pods as processes of this machine, on the one node it is, until it is stopped. They share its
 * file system, network and users: limits, security contexts and volume sizes are accepted and have no effect, and a
 * process that leaves its group is not followed.
 */
export function startRunner(options: RunnerOptions): Runner {
  const context = createContext(options);
  const runs = new Map<string, PodRun>();
  const unsubscribe = options.registry.subscribe((event) => {
    observe(context, runs, event);
  });
  for (const pod of podsOf(context)) attend(context, runs, pod);
  return {
    logs: createPodLogs(runs),
    async stop() {
      unsubscribe();
      await Promise.all([...runs.values()].map((run) => run.abandon(stopMillis)));
      await context.guard.stop();
      for (const folder of ['pods', 'images']) {
        removeFolder(join(options.directory, folder));
      }
    },
  };
}

function createContext(options: RunnerOptions): NodeContext {
  const { registry, images, directory, now = () => new Date() } = options;
  mkdirSync(join(directory, 'pods'), { recursive: true });
  return {
    registry,
    images,
    now,
    directory,
    timing: { ...realTiming, ...options.timing },
    record: createEventRecorder(registry, 'kubelet', now),
    guard: startProcessGuard(),
    node: {
      name: nodeName,
      labels: {
        'kubernetes.io/hostname': nodeName,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': arch() === 'x64' ? 'amd64' : arch(),
      },
      capacity: { ...claimed, ...options.capacity },
    },
    programsOf(image: LocalImage) {
      const id = createHash('sha256').update(image.name).digest('hex').slice(0, 16);
      const folder = join(directory, 'images', id);
      if (!existsSync(folder)) linkPrograms(image, folder);
      return folder;
    },
  };
}

function observe(context: NodeContext, runs: Map<string, PodRun>, event: WatchEvent): void {
  const { resource, object } = event;
  if (resource === 'configmaps' || resource === 'secrets') {
    const { name, namespace } = object.metadata;
    const concerned = [...runs.values()].filter((run) => run.pod.metadata.namespace === namespace);
    for (const run of concerned) run.refreshVolumes({ resource, name });
  }
  if (resource !== 'pods') return;
  const pod = object as Pod;
  if (event.type === 'DELETED') forget(context, runs, pod);
  else attend(context, runs, pod);
  if (event.type === 'DELETED' || hasEnded(pod)) bindWaiting(context);
}

/** There may be room now. */
function bindWaiting(context: NodeContext): void {
  for (const pod of podsOf(context)) if (!pod.spec.nodeName) bindPod(context, pod);
}

function attend(context: NodeContext, runs: Map<string, PodRun>, pod: Pod): void {
  const { uid, deletionTimestamp, deletionGracePeriodSeconds = 0 } = pod.metadata;
  const run = runs.get(uid);
  if (run) {
    if (deletionTimestamp !== undefined) run.stop(deletionGracePeriodSeconds);
  } else if (hasEnded(pod)) {
    return;
  } else if (deletionTimestamp !== undefined) {
    endUnstarted(context, pod);
  } else if (pod.spec.nodeName === undefined) {
    bindPod(context, pod);
  } else if (pod.spec.nodeName === context.node.name) {
    runs.set(uid, new PodRun(context, pod));
  }
}

// Nobody else would: a pod that was deleted before it had a node is only kept by finalizers.
function endUnstarted({ registry }: NodeContext, pod: Pod): void {
  registry.modify(podKey(pod), (draft) => {
    (draft as Pod).status.phase = 'Failed';
  });
}

/** The object is gone, so nobody can be told any more; what still runs ends all the same. */
function forget(context: NodeContext, runs: Map<string, PodRun>, pod: Pod): void {
  const run = runs.get(pod.metadata.uid);
  if (!run) return;
  run.stop(context.timing.minimumGraceMillis / 1000);
  void run.finished.then(() => {
    runs.delete(pod.metadata.uid);
    run.removeFiles();
  });
}

function podsOf({ registry }: NodeContext): Pod[] {
  return registry.list('pods').items as Pod[];
}
