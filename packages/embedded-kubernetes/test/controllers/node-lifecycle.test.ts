import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import test from 'node:test';

import type { Job } from '../../src/objects/job.ts';
import type { Node } from '../../src/objects/node.ts';
import type { Pod } from '../../src/objects/pod.ts';
import { startCluster } from '../../src/start-cluster.ts';
import { testImages } from '../test-images.ts';
import { waitUntil } from '../wait-until.ts';

const namespace = 'default';
const forever = ['sh', '-c', 'echo $$$$ > /v/pid; while true; do sleep 1; done'];

/** A cluster that gives its node up at once; `tolerationSeconds` are those of the pod of its only Job. */
async function aCluster(t: TestContext, tolerationSeconds: number, command = forever) {
  const directory = await mkdtemp(join(tmpdir(), 'cluster-'));
  const cluster = await startCluster({ directory, images: testImages, nodeGraceMillis: 50 });
  t.after(async () => {
    await cluster.stop();
    await rm(directory, { recursive: true });
  });
  const tolerations = [
    { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds },
  ];
  const volumeMounts = [{ name: 'v', mountPath: '/v' }];
  cluster.registry.create('jobs', {
    metadata: { name: 'job', namespace },
    spec: {
      podFailurePolicy: {
        rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
      },
      backoffLimit: 0,
      template: {
        spec: {
          restartPolicy: 'Never',
          tolerations,
          volumes: [{ name: 'v', emptyDir: {} }],
          containers: [{ name: 'worker', image: 'busybox:1.37', command, volumeMounts }],
        },
      },
    },
  });
  return { ...cluster, ...viewOf(cluster.registry) };
}

function viewOf(registry: Awaited<ReturnType<typeof startCluster>>['registry']) {
  function pods(): Pod[] {
    return registry.list('pods', namespace).items as Pod[];
  }
  function node(): Node {
    return registry.list('nodes').items[0] as Node;
  }
  return {
    pods,
    job: () => registry.get({ resource: 'jobs', namespace, name: 'job' }) as Job,
    readiness: () => node().status?.conditions?.find(({ type }) => type === 'Ready')?.status,
    untilPhase: (phase: string) =>
      waitUntil(`a pod is ${phase}`, () => pods().find(({ status }) => status.phase === phase)),
  };
}

function state({ status }: Pod): string {
  const { state: now, restartCount } = status.containerStatuses?.[0] ?? { state: {} };
  return `${now.terminated?.reason ?? Object.keys(now).join()} ${restartCount}`;
}

function disruption({ status }: Pod): string | undefined {
  return status.conditions?.find(({ type }) => type === 'DisruptionTarget')?.reason;
}

test('a node that is cut off is NotReady, its pod keeps its status, and new ones find no place', async (t) => {
  const cluster = await aCluster(t, 300);
  await cluster.untilPhase('Running');
  await cluster.node.cut();
  await waitUntil('the node is NotReady', () => cluster.readiness() === 'Unknown');
  const [pod] = cluster.pods();
  assert.equal(pod && state(pod), 'running 0');
  assert.equal(pod?.metadata.deletionTimestamp, undefined);
  const containers = [{ name: 'worker', image: 'busybox:1.37', command: ['true'] }];
  cluster.registry.create('pods', { metadata: { name: 'late', namespace }, spec: { containers } });
  const late = cluster.pods().find(({ metadata }) => metadata.name === 'late');
  assert.match(late?.status.conditions?.[0]?.message ?? '', /1 node\(s\) had untolerated taint\(s\)/);
});

test('a pod whose toleration is over is marked, and replaced only when its node is back', async (t) => {
  const cluster = await aCluster(t, 0);
  const first = await cluster.untilPhase('Running');
  await cluster.node.cut();
  const marked = await waitUntil('it is marked', () =>
    cluster.pods().find(({ metadata }) => metadata.deletionTimestamp !== undefined),
  );
  assert.equal(disruption(marked), 'DeletionByTaintManager');
  assert.equal(marked.status.phase, 'Running');
  await waitUntil('its Job has seen it', () => cluster.job().status.terminating === 1);
  assert.equal(cluster.pods().length, 1);
  cluster.node.restore();
  await waitUntil('another runs', () =>
    cluster
      .pods()
      .some(({ metadata, status }) => metadata.uid !== first.metadata.uid && status.phase === 'Running'),
  );
  assert.equal(cluster.job().status.failed ?? 0, 0);
  assert.equal(cluster.readiness(), 'True');
});

test('the taints that others gave a node outlive its absence, its own go', async (t) => {
  const cluster = await aCluster(t, 300);
  const mine = { key: 'example.org/maintenance', effect: 'NoSchedule' as const };
  function taint(): void {
    cluster.registry.modify({ resource: 'nodes', name: cluster.node.name }, (node) => {
      const spec = node['spec'] as { taints?: object[] };
      spec.taints = [...(spec.taints ?? []), mine];
    });
  }
  function taints(): string[] {
    const node = cluster.registry.get({ resource: 'nodes', name: cluster.node.name });
    return ((node?.['spec'] as { taints?: { key: string }[] }).taints ?? []).map(({ key }) => key);
  }
  await cluster.untilPhase('Running');
  taint();
  for (const restored of [[mine.key], [mine.key]]) {
    await cluster.node.cut();
    await waitUntil('the node is NotReady', () => cluster.readiness() === 'Unknown');
    assert.equal(taints().length, 3);
    cluster.node.restore();
    assert.deepEqual(taints(), restored);
  }
});

test('a reboot within the grace fails what ran, without a word that it was no fault of its own', async (t) => {
  const cluster = await aCluster(t, 300);
  await cluster.untilPhase('Running');
  await cluster.node.cut();
  cluster.node.restore();
  const pod = await cluster.untilPhase('Failed');
  assert.equal(state(pod), 'ContainerStatusUnknown 1');
  assert.equal(disruption(pod), undefined);
  await waitUntil('the Job has failed', () => cluster.job().status.failed === 1);
});

test('a pod that had not begun to work begins again after a reboot', async (t) => {
  const cluster = await aCluster(t, 300, ['true']);
  cluster.registry.create('pods', {
    metadata: { name: 'waiting', namespace },
    spec: {
      restartPolicy: 'Never',
      containers: [
        {
          name: 'worker',
          image: 'busybox:1.37',
          command: ['true'],
          envFrom: [{ secretRef: { name: 'late' } }],
        },
      ],
    },
  });
  await waitUntil('it waits', () => cluster.pods().some((pod) => state(pod) === 'waiting 0'));
  await cluster.node.cut();
  cluster.registry.create('secrets', { metadata: { name: 'late', namespace }, stringData: { A: 'b' } });
  cluster.node.restore();
  await waitUntil('it has run', () =>
    cluster
      .pods()
      .some(({ metadata, status }) => metadata.name === 'waiting' && status.phase === 'Succeeded'),
  );
});
