import type { TestContext } from 'node:test';

import { createClusterRegistry } from '../../../src/controllers/cluster-registry.ts';
import { startJobController } from '../../../src/controllers/job/job-controller.ts';
import type { Job } from '../../../src/objects/job.ts';
import type { Pod } from '../../../src/objects/pod.ts';
import type { Registry } from '../../../src/registry/types.ts';
import { waitUntil } from '../../wait-until.ts';

const namespace = 'work';

/** A cluster with a Job controller and no node: the test plays the kubelet. */
export function startFixture(t: TestContext, options: { backOffMillis?: number } = {}) {
  let clock = Date.now();
  const registry = createClusterRegistry({ now: () => new Date(clock) });
  registry.create('namespaces', { metadata: { name: namespace } });
  const controller = startJobController({
    registry,
    now: () => new Date(clock),
    backOffMillis: 0,
    ...options,
  });
  t.after(() => {
    controller.stop();
  });
  return {
    registry,
    advance(seconds: number): void {
      clock += seconds * 1000;
    },
    ...viewOf(registry),
  };
}

function viewOf(registry: Registry) {
  function pods(): Pod[] {
    return registry.list('pods', namespace).items as Pod[];
  }
  function job(): Job {
    return registry.list('jobs', namespace).items[0] as Job;
  }
  return {
    pods,
    job,
    onlyPod: () => waitUntil('there is one pod', () => pods().length === 1 && pods()[0]),
    conditions: () => conditionsOf(job()),
    reasons: () => registry.list('events', namespace).items.map((event) => event['reason']),
    createJob: (spec: object, template: object = {}) =>
      registry.create('jobs', {
        metadata: { name: 'flow', namespace },
        spec: {
          backoffLimit: 0,
          ...spec,
          template: { spec: { restartPolicy: 'Never', containers: [container] }, ...template },
        },
      }),
    setSpec(change: object): void {
      registry.modify({ resource: 'jobs', namespace, name: 'flow' }, (draft) => {
        Object.assign(draft['spec'] as object, change);
      });
    },
    /** What the kubelet reports. */
    report(pod: Pod, status: object): void {
      registry.modify({ resource: 'pods', namespace, name: pod.metadata.name }, (draft) => {
        Object.assign(draft['status'] as object, status);
      });
    },
    /** What the scheduler does: from now on a deletion waits for the kubelet. */
    bind(pod: Pod): void {
      registry.modify({ resource: 'pods', namespace, name: pod.metadata.name }, (draft) => {
        Object.assign(draft['spec'] as object, { nodeName: 'n' });
      });
    },
    /** What the kubelet does last with a pod that was deleted. */
    removePod(pod: Pod): void {
      registry.delete({ resource: 'pods', namespace, name: pod.metadata.name }, { gracePeriodSeconds: 0 });
    },
  };
}

const container = { name: 'worker', image: 'busybox:1.37' };

function conditionsOf(job: Job): string[] {
  return (job.status.conditions ?? []).map(({ type, status, reason }) => `${type}=${status} ${reason ?? ''}`);
}

export function failedWith(exitCode: number): object {
  return {
    phase: 'Failed',
    containerStatuses: [{ name: 'worker', state: { terminated: { exitCode } } }],
  };
}

export const disrupted = { conditions: [{ type: 'DisruptionTarget', status: 'True' }] };
