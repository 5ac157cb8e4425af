import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

import { createClusterRegistry } from '../../src/controllers/cluster-registry.ts';
import { startJobController } from '../../src/controllers/job/job-controller.ts';
import { loadImages } from '../../src/node/images.ts';
import { startKubelet } from '../../src/node/kubelet.ts';
import type { Job } from '../../src/objects/job.ts';
import type { ObjectMeta } from '../../src/objects/kube-object.ts';
import type { ContainerState, ContainerStatus, Pod } from '../../src/objects/pod.ts';
import type { Registry, WatchEvent } from '../../src/registry/types.ts';
import { startScheduler } from '../../src/scheduler/scheduler.ts';
import { testImages } from '../test-images.ts';
import { waitUntil } from '../wait-until.ts';

const namespace = 'work';

// Short where a real cluster takes long: only the order is looked at.
const timing = {
  firstRestartMillis: 10,
  crashBackOffMillis: 60_000,
  pullBackOffMillis: 20,
  retryMillis: 10,
  // Nobody is killed for being slow, except where a test wants it.
  minimumGraceMillis: 30_000,
  evictionMillis: 20,
};

export type NodeFixture = ReturnType<typeof startNode>;

/** A cluster with its Job controller and its node, and everything the objects went through. */
export function startNode(
  t: TestContext,
  options: { capacity?: Record<string, string>; minimumGraceMillis?: number } = {},
) {
  const { capacity = {}, ...times } = options;
  const directory = mkdtempSync(join(tmpdir(), 'node-'));
  const registry = createClusterRegistry();
  registry.create('namespaces', { metadata: { name: namespace } });
  const history: string[] = [];
  registry.subscribe((event) => {
    note(history, event);
  });
  const controller = startJobController({ registry, backOffMillis: 10 });
  const kubelet = startKubelet({
    registry,
    images: loadImages(testImages),
    directory,
    timing: { ...timing, ...times },
    capacity,
  });
  const scheduler = startScheduler({ registry, nodeName: kubelet.name });
  t.after(async () => {
    controller.stop();
    scheduler.stop();
    await kubelet.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  return {
    registry,
    kubelet,
    directory,
    history,
    ...actions(registry),
    ...files(directory, () => podOf(registry)),
  };
}

/** The pod's volumes, as the machine sees them. */
function files(directory: string, pod: () => Pod | undefined) {
  function path(volume: string, file: string): string {
    return join(directory, 'pods', pod()?.metadata.uid ?? 'none', 'volumes', volume, file);
  }
  return {
    exists: (volume: string, file: string) => existsSync(path(volume, file)),
    touch(volume: string, file: string): void {
      writeFileSync(path(volume, file), '');
    },
  };
}

function podOf(registry: Registry): Pod | undefined {
  return registry.list('pods', namespace).items[0] as Pod | undefined;
}

function actions(registry: Registry) {
  function pod(): Pod {
    const found = podOf(registry);
    if (!found) throw new Error('there is no pod');
    return found;
  }
  function container(name: string): ContainerStatus | undefined {
    const { initContainerStatuses = [], containerStatuses = [] } = pod().status;
    return [...initContainerStatuses, ...containerStatuses].find((each) => each.name === name);
  }
  return {
    pod,
    container,
    job: () => registry.list('jobs', namespace).items[0] as Job,
    create: (resource: string, name: string, content: object) =>
      registry.create(resource, { metadata: { name, namespace }, ...content }),
    createPod: (spec: object, metadata: Partial<ObjectMeta> = {}) =>
      registry.create('pods', {
        metadata: { name: 'pod', namespace, ...metadata },
        spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 60, ...spec },
      }),
    createJob: (spec: object, podSpec: object) =>
      registry.create('jobs', {
        metadata: { name: 'job', namespace },
        spec: {
          backoffLimit: 0,
          ...spec,
          template: { spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 60, ...podSpec } },
        },
      }),
    suspend(suspend: boolean): void {
      registry.modify({ resource: 'jobs', namespace, name: 'job' }, (draft) => {
        Object.assign(draft['spec'] as object, { suspend });
      });
    },
    deletePod: (gracePeriodSeconds?: number) =>
      registry.delete(
        { resource: 'pods', namespace, name: pod().metadata.name },
        gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds },
      ),
    untilPhase: (phase: string) =>
      waitUntil(`the pod is ${phase}`, () => pod().status.phase === phase && pod()),
    untilState: (name: string, reason: string) =>
      waitUntil(`${name} is ${reason}`, () => word(container(name)?.state ?? {}) === reason),
    reasons: () => registry.list('events', namespace).items.map((event) => event['reason']),
    messages: () => registry.list('events', namespace).items.map((event) => String(event['message'])),
  };
}

/** A container that runs a script with the shell of the busybox image. */
export function shell(name: string, script: string, more: object = {}): object {
  return { name, image: 'busybox:1.37', command: ['sh', '-c', script], ...more };
}

/** What changed, in words: `worker Completed(0)`, `pod Running`, `job Complete`. */
function note(history: string[], { type, resource, object }: WatchEvent): void {
  if (type === 'DELETED') {
    if (resource === 'pods') history.push('pod gone');
    return;
  }
  const facts =
    resource === 'pods' ? podFacts(object as Pod) : resource === 'jobs' ? jobFacts(object as Job) : [];
  for (const fact of facts) {
    const subject = fact.slice(0, fact.indexOf(' ') + 1);
    const last = history.findLast((each) => each.startsWith(subject));
    if (last !== fact && !(resource === 'jobs' && history.includes(fact))) history.push(fact);
  }
}

function podFacts({ status, metadata }: Pod): string[] {
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  return [
    ...(metadata.deletionTimestamp === undefined ? [] : ['deletion marked']),
    ...containers.map(({ name, state }) => `${name} ${word(state)}`),
    `pod ${status.phase ?? ''}`,
  ];
}

function jobFacts({ status }: Job): string[] {
  return (status.conditions ?? []).map((condition) => `job ${condition.type}=${condition.status}`);
}

export function word({ waiting, running, terminated }: ContainerState): string {
  if (terminated) return `${terminated.reason}(${terminated.exitCode})`;
  return running ? 'Running' : (waiting?.reason ?? '');
}
