import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import type { ObjectKey } from '../../src/objects/kube-object.ts';
import type { Registry } from '../../src/registry/types.ts';
import { waitUntil } from '../wait-until.ts';
import { shell, startNode } from './node-fixture.ts';

const mounts = { volumeMounts: [{ name: 'v', mountPath: '/v' }] };
const volumes = [{ name: 'v', emptyDir: {} }];
// The process that the container starts, and one that this starts. Kubernetes makes `$` of `$$`.
const family = `trap '' TERM; sleep 600 & echo $! > /v/child; echo $$$$ > /v/parent; wait; wait`;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The pid in a file, once it has been written whole. */
function pidIn(file: string): number | undefined {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return text.endsWith('\n') ? Number(text) : undefined;
}

test('stopping the node leaves neither a process nor a file', async (t) => {
  const node = startNode(t);
  node.createPod({ containers: [shell('worker', family, mounts)], volumes });
  await node.untilPhase('Running');
  const folder = join(node.directory, 'pods', node.pod().metadata.uid, 'volumes', 'v');
  const parent = await waitUntil('the process is there', () => pidIn(join(folder, 'parent')));
  const child = await waitUntil('its child is there', () => pidIn(join(folder, 'child')));
  await node.kubelet.stop();
  await waitUntil('both are gone', () => !isAlive(parent) && !isAlive(child));
  assert.deepEqual(readdirSync(node.directory), []);
  assert.equal(node.pod().status.phase, 'Running');
});

test('containers do not outlive a node that is killed', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'node-'));
  t.after(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  const script = fileURLToPath(import.meta.resolve('./doomed-node.ts'));
  const node = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => node.kill('SIGKILL'));
  let said = '';
  node.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const pid = Number(await waitUntil('it says which process it started', () => /^\d+(?=\n)/.exec(said)?.[0]));
  assert.ok(isAlive(pid));
  node.kill('SIGKILL');
  await waitUntil('the container is gone', () => !isAlive(pid));
});

const placements = [
  {
    name: 'a request beyond what the node claims',
    spec: { containers: [shell('worker', 'true', { resources: { requests: { cpu: '3' } } })] },
    message:
      '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
  },
  {
    name: 'a resource the node does not have',
    spec: { containers: [shell('worker', 'true', { resources: { limits: { 'nvidia.com/gpu': '1' } } })] },
    message:
      '0/1 nodes are available: 1 Insufficient nvidia.com/gpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
  },
  {
    name: 'a node selector that does not match',
    spec: { nodeSelector: { disk: 'fast' }, containers: [shell('worker', 'true')] },
    message:
      "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
  },
  {
    name: 'a claim that does not exist',
    spec: {
      containers: [shell('worker', 'true')],
      volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'missing' } }],
    },
    message: '0/1 nodes are available: persistentvolumeclaim "missing" not found. not found',
  },
];
for (const { name, spec, message } of placements) {
  test(`${name} leaves the pod Pending and says why`, async (t) => {
    const node = startNode(t, { capacity: { cpu: '2' } });
    node.createPod(spec, { finalizers: ['example.org/evidence'] });
    const condition = await waitUntil('it is refused', () =>
      node.pod().status.conditions?.find(({ reason }) => reason === 'Unschedulable'),
    );
    assert.deepEqual(
      [condition.type, condition.status, condition.message],
      ['PodScheduled', 'False', message],
    );
    assert.equal(node.pod().status.phase, 'Pending');
    assert.ok(node.reasons().includes('FailedScheduling'));
    node.deletePod();
    await node.untilPhase('Failed');
  });
}

test('a pod that found no room starts when another has ended', async (t) => {
  const node = startNode(t, { capacity: { cpu: '2' } });
  const resources = { requests: { cpu: '1500m' } };
  const until = 'until test -f /v/go; do sleep 0.05; done';
  node.createPod({ containers: [shell('worker', until, { resources, ...mounts })], volumes }, { name: 'a' });
  await node.untilPhase('Running');
  node.createPod({ containers: [shell('worker', 'true', { resources })] }, { name: 'b' });
  await waitUntil('the second waits', () => node.reasons().includes('FailedScheduling'));
  node.touch('v', 'go');
  await waitUntil('the second has run', () => {
    const status = node.registry.get({ resource: 'pods', namespace: 'work', name: 'b' })?.['status'];
    return (status as { phase: string }).phase === 'Succeeded';
  });
});

test('a resource that is given to the node later lets a pod start that asked for it', async (t) => {
  const node = startNode(t);
  const resources = { limits: { 'nvidia.com/gpu': '1' } };
  node.createPod({ containers: [shell('worker', 'true', { resources })] });
  await waitUntil('it waits', () => node.reasons().includes('FailedScheduling'));
  node.registry.modify({ resource: 'nodes', name: 'embedded' }, (draft) => {
    const { capacity } = draft['status'] as { capacity: Record<string, string> };
    capacity['nvidia.com/gpu'] = '1';
  });
  await node.untilPhase('Succeeded');
});

const spoilt: { name: string; change: (registry: Registry, key: ObjectKey) => void }[] = [
  {
    name: 'status',
    change: (registry, key) => registry.update(key, { status: { capacity: undefined } }, 'status'),
  },
  { name: 'spec', change: (registry, key) => registry.update(key, { spec: undefined }) },
];
for (const { name, change } of spoilt) {
  test(`a pod is placed on a node whose ${name} somebody has emptied`, async (t) => {
    const node = startNode(t);
    change(node.registry, { resource: 'nodes', name: node.kubelet.name });
    node.createPod({ containers: [shell('worker', 'true')] });
    await node.untilPhase('Succeeded');
  });
}
