import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { isBeingDeleted, keyOf } from '../objects/kube-object.ts';
import type { PodLogs } from '../objects/pod-logs.ts';
import { hasEnded, type Pod } from '../objects/pod.ts';
import { createEventRecorder } from '../registry/record-event.ts';
import type { Registry, WatchEvent } from '../registry/types.ts';
import { type NodeContext, realTiming, type Timing } from './context.ts';
import { linkPrograms } from './find-program.ts';
import type { ImageMap, LocalImage } from './images.ts';
import { losePod } from './lose-pod.ts';
import { startMemoryGuard } from './memory-guard.ts';
import { PodRun } from './pod-run.ts';
import { startProcessGuard } from './process-guard.ts';
import { createPodLogs } from './read-log.ts';
import { registerNode } from './register-node.ts';
import { removeFolder } from './remove-folder.ts';

export interface KubeletOptions {
  registry: Registry;
  images: ImageMap;
  /** An existing folder for what pods write; all of it is removed at the end. */
  directory: string;
  now?: () => Date;
  timing?: Partial<Timing>;
  /** What the node claims to have: the scheduler counts requests against it, nothing limits what is used. */
  capacity?: Record<string, string>;
}

export interface Kubelet {
  /** The node's name. */
  name: string;
  logs: PodLogs;
  /** A power cut: every process ends at once, and nobody reports anything. */
  cut(): Promise<void>;
  /** Power again: pods that ran are lost, those that had not begun begin. */
  restore(): void;
  /** Ends every process that was started and removes every file; pods keep the status they had. */
  stop(): Promise<void>;
}

const nodeName = 'embedded';
const stopMillis = 1000;

/**
 * Runs the registry's pods as processes of this machine, on the one node it is, until it is stopped. They share its
 * file system, network and users: limits of processor time and security contexts are accepted and have no
 * effect, and a process that leaves its group is not followed.
 */
export function startKubelet(options: KubeletOptions): Kubelet {
  const context = createContext(options);
  const node: RunningNode = { context, runs: new Map(), isUp: true };
  const unsubscribe = options.registry.subscribe((event) => {
    observe(node, event);
  });
  attendAll(node);
  return {
    name: nodeName,
    logs: createPodLogs(node.runs),
    async cut() {
      node.isUp = false;
      const runs = [...node.runs.values()];
      node.runs.clear();
      await Promise.all(runs.map((run) => run.cut()));
    },
    restore() {
      node.isUp = true;
      for (const pod of podsOf(context)) {
        const isOurs = pod.spec.nodeName === nodeName && !hasEnded(pod);
        if (isOurs && (pod.status.phase !== 'Pending' || isBeingDeleted(pod))) losePod(context, pod);
      }
      attendAll(node);
    },
    async stop() {
      unsubscribe();
      await Promise.all([...node.runs.values()].map((run) => run.abandon(stopMillis)));
      context.memory.stop();
      await context.guard.stop();
      for (const folder of ['pods', 'images']) {
        removeFolder(join(options.directory, folder));
      }
    },
  };
}

interface RunningNode {
  context: NodeContext;
  runs: Map<string, PodRun>;
  isUp: boolean;
}

function createContext(options: KubeletOptions): NodeContext {
  const { registry, images, directory, now = () => new Date() } = options;
  mkdirSync(join(directory, 'pods'), { recursive: true });
  const capacity = registerNode(registry, { name: nodeName, capacity: options.capacity, now: now() });
  return {
    registry,
    images,
    now,
    directory,
    timing: { ...realTiming, ...options.timing },
    record: createEventRecorder(registry, { component: 'kubelet', host: nodeName }, now),
    guard: startProcessGuard(),
    memory: startMemoryGuard(),
    node: { name: nodeName, capacity },
    programsOf(image: LocalImage) {
      const id = createHash('sha256').update(image.name).digest('hex').slice(0, 16);
      const folder = join(directory, 'images', id);
      if (!existsSync(folder)) linkPrograms(image, folder);
      return folder;
    },
  };
}

function observe(node: RunningNode, event: WatchEvent): void {
  const { context, runs } = node;
  const { resource, object } = event;
  if (resource === 'configmaps' || resource === 'secrets') {
    const { name, namespace } = object.metadata;
    const concerned = [...runs.values()].filter((run) => run.pod.metadata.namespace === namespace);
    for (const run of concerned) run.refreshVolumes({ resource, name });
  }
  if (resource !== 'pods') return;
  const pod = object as Pod;
  if (event.type === 'DELETED') forget(context, runs, pod);
  else attend(node, pod);
}

function attendAll(node: RunningNode): void {
  for (const pod of podsOf(node.context)) attend(node, pod);
}

function attend({ context, runs, isUp }: RunningNode, pod: Pod): void {
  const { uid, deletionGracePeriodSeconds = 0 } = pod.metadata;
  const { nodeName: place } = pod.spec;
  const isOurs = isUp && place === context.node.name;
  const run = runs.get(uid);
  if (run) {
    if (isBeingDeleted(pod)) run.markDeleted(deletionGracePeriodSeconds);
  } else if (hasEnded(pod)) {
    return;
  } else if (isBeingDeleted(pod)) {
    if (isOurs || place === undefined) endUnstarted(context, pod);
  } else if (isOurs) {
    runs.set(uid, new PodRun(context, pod));
  }
}

// Nobody else would: a pod that was deleted before it had a node is only kept by finalizers.
function endUnstarted({ registry }: NodeContext, pod: Pod): void {
  registry.modify(keyOf('pods', pod), (draft) => {
    (draft as Pod).status.phase = 'Failed';
  });
}

/** Ends the processes of a pod whose object is gone. */
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
