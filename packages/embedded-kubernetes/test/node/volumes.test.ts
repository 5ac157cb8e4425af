import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { waitUntil } from '../wait-until.ts';
import { type NodeFixture, shell, startNode } from './node-fixture.ts';

function folderOf(node: NodeFixture, volume: string): string {
  return join(node.directory, 'pods', node.pod().metadata.uid, 'volumes', volume);
}

function startWith(node: NodeFixture, volume: object, script = 'while :; do sleep 0.05; done'): void {
  node.createPod({
    containers: [shell('worker', script, { volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
    volumes: [{ name: 'v', ...volume }],
  });
}

test("a Secret's update reaches a running pod in one step, and adds and removes files", async (t) => {
  const node = startNode(t);
  node.create('secrets', 'keys', { stringData: { a: 'old', gone: 'x' } });
  startWith(node, { secret: { secretName: 'keys' } });
  await node.untilPhase('Running');
  const folder = folderOf(node, 'v');
  assert.equal(readFileSync(join(folder, 'a'), 'utf8'), 'old');

  node.registry.update(
    { resource: 'secrets', namespace: 'work', name: 'keys' },
    { metadata: { name: 'keys' }, type: 'Opaque', stringData: { a: 'new', more: 'y' } },
  );
  assert.equal(readFileSync(join(folder, 'a'), 'utf8'), 'new');
  assert.deepEqual(
    readdirSync(folder).filter((name) => !name.startsWith('..')),
    ['a', 'more'],
  );
  assert.equal(readdirSync(folder).filter((name) => name.startsWith('..')).length, 2);
});

test("a Secret's update does not reach a pod that has begun to end", async (t) => {
  const node = startNode(t, { minimumGraceMillis: 50 });
  node.create('secrets', 'keys', { stringData: { a: 'old' } });
  node.createPod({
    containers: [
      shell('worker', "trap '' TERM; touch /state/deaf; while :; do sleep 0.05; done", {
        volumeMounts: [{ name: 'state', mountPath: '/state' }],
      }),
    ],
    volumes: [
      { name: 'v', secret: { secretName: 'keys' } },
      { name: 'state', emptyDir: {} },
    ],
  });
  await waitUntil('the worker is deaf', () => node.exists('state', 'deaf'));
  node.deletePod(3600);
  await waitUntil('the pod gets SIGTERM', () => node.reasons().includes('Killing'));
  node.registry.modify({ resource: 'secrets', namespace: 'work', name: 'keys' }, (draft) => {
    draft['data'] = { a: Buffer.from('new').toString('base64') };
  });
  assert.equal(readFileSync(join(folderOf(node, 'v'), 'a'), 'utf8'), 'old');
  node.deletePod(0);
});

test('items choose keys, paths and modes, and nothing is writable', async (t) => {
  const node = startNode(t);
  node.create('configmaps', 'files', { data: { a: '1', b: '2' }, binaryData: { c: 'AP8=' } });
  const items = [
    { key: 'a', path: 'deep/er/a' },
    { key: 'c', path: 'c', mode: 0o700 },
  ];
  startWith(node, { configMap: { name: 'files', items, defaultMode: 0o640 } });
  await node.untilPhase('Running');
  const folder = folderOf(node, 'v');
  assert.equal(readFileSync(join(folder, 'deep/er/a'), 'utf8'), '1');
  assert.deepEqual([...readFileSync(join(folder, 'c'))], [0, 255]);
  const modes = ['deep/er/a', 'c'].map((path) => statSync(join(folder, path)).mode & 0o777);
  assert.deepEqual(modes, [0o440, 0o500]);
});

test('a pod waits for a volume that is not there yet', async (t) => {
  const node = startNode(t);
  startWith(node, { configMap: { name: 'late' } }, 'cat /v/a > /dev/termination-log');
  const problem = 'MountVolume.SetUp failed for volume "v" : configmap "late" not found';
  await waitUntil('it says so', () => node.messages().includes(problem));
  assert.equal(node.container('worker')?.state.waiting?.reason, 'ContainerCreating');
  node.create('configmaps', 'late', { data: { a: 'there' } });
  await node.untilPhase('Succeeded');
  assert.equal(node.container('worker')?.state.terminated?.message, 'there');
});

test('an optional volume that is absent is an empty folder', async (t) => {
  const node = startNode(t);
  startWith(node, { secret: { secretName: 'absent', optional: true } }, 'ls /v > /dev/termination-log');
  await node.untilPhase('Succeeded');
  assert.equal(node.container('worker')?.state.terminated?.message, undefined);
});

for (const volume of [{ hostPath: { path: '/' } }, { projected: { sources: [] } }]) {
  const kind = Object.keys(volume).join();
  test(`a ${kind} volume is refused visibly`, async (t) => {
    const node = startNode(t);
    startWith(node, volume);
    await waitUntil('it says so', () =>
      node.messages().some((message) => message.includes(`does not support volumes of kind ${kind}`)),
    );
    assert.equal(node.pod().status.phase, 'Pending');
  });
}

test('the volumes go with the end of the pod, everything else with its object', async (t) => {
  const node = startNode(t);
  startWith(node, { emptyDir: {} }, 'touch /v/x');
  await node.untilPhase('Succeeded');
  const { uid } = node.pod().metadata;
  const pods = join(node.directory, 'pods');
  await waitUntil('only logs are left', () => readdirSync(join(pods, uid)).join() === 'logs');
  node.deletePod();
  await waitUntil('nothing is left', () => readdirSync(pods).length === 0);
});
