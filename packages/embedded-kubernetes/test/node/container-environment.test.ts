import assert from 'node:assert/strict';
import test from 'node:test';

import { waitUntil } from '../wait-until.ts';
import { type NodeFixture, shell, startNode } from './node-fixture.ts';

/** What the container wrote as its termination message. */
async function said(node: NodeFixture, name = 'worker'): Promise<string> {
  await waitUntil('the container has ended', () => node.container(name)?.state.terminated);
  return node.container(name)?.state.terminated?.message ?? '';
}

function printing(script: string, more: object = {}): object {
  return shell('worker', `{ ${script}; } > /dev/termination-log`, more);
}

test('the environment holds what the pod says, and nothing of the developer', async (t) => {
  const node = startNode(t);
  process.env['SECRET_OF_THE_DEVELOPER'] = 'x';
  t.after(() => {
    delete process.env['SECRET_OF_THE_DEVELOPER'];
  });
  node.createPod({
    containers: [printing('env | cut -d= -f1 | sort', { env: [{ name: 'A', value: '1' }] })],
  });
  assert.deepEqual((await said(node)).trim().split('\n'), ['A', 'HOME', 'HOSTNAME', 'PATH', 'PWD', 'TMPDIR']);
});

test('variables come from maps, secrets, fields and resources, and later ones win', async (t) => {
  const node = startNode(t);
  node.create('configmaps', 'map', { data: { A: 'map', B: 'map', '1c': 'skipped' } });
  node.create('secrets', 'secret', { stringData: { B: 'secret', key: 'hidden' } });
  node.create('serviceaccounts', 'robot', {});
  const names = ['A', 'B', 'P_A', 'NAME', 'ACCOUNT', 'LABEL', 'KEY', 'LIMIT', 'ABSENT'];
  node.createPod(
    {
      serviceAccountName: 'robot',
      containers: [
        printing(names.map((name) => `echo $${name}`).join(';'), {
          resources: { limits: { cpu: '1500m' } },
          envFrom: [
            { configMapRef: { name: 'map' } },
            { secretRef: { name: 'secret' } },
            { configMapRef: { name: 'map' }, prefix: 'P_' },
            { configMapRef: { name: 'absent', optional: true } },
          ],
          env: [
            { name: 'A', value: 'own' },
            { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            { name: 'ACCOUNT', valueFrom: { fieldRef: { fieldPath: 'spec.serviceAccountName' } } },
            { name: 'LABEL', valueFrom: { fieldRef: { fieldPath: "metadata.labels['l']" } } },
            { name: 'KEY', valueFrom: { secretKeyRef: { name: 'secret', key: 'key' } } },
            { name: 'LIMIT', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
            { name: 'ABSENT', valueFrom: { configMapKeyRef: { name: 'map', key: 'x', optional: true } } },
          ],
        }),
      ],
    },
    { labels: { l: 'label' } },
  );
  assert.deepEqual((await said(node)).split('\n'), [
    'own',
    'secret',
    'map',
    'pod',
    'robot',
    'label',
    'hidden',
    '2',
    '',
    '',
  ]);
  assert.ok(node.reasons().includes('InvalidEnvironmentVariableNames'));
});

test('$(NAME) is expanded in command, args and values, and can be escaped', async (t) => {
  const node = startNode(t);
  node.createPod({
    containers: [
      {
        name: 'worker',
        image: 'busybox:1.37',
        command: ['sh', '-c', 'printf "%s\\n" "$@" "$C" > /dev/termination-log', '$(A)'],
        args: ['$(B)', '$$(A)', '$(UNKNOWN)', '$A$'],
        env: [
          { name: 'A', value: 'a' },
          { name: 'B', value: '$(A)b' },
          { name: 'C', value: '$(LATER)$$$(A)' },
          { name: 'LATER', value: 'x' },
        ],
      },
    ],
  });
  assert.deepEqual((await said(node)).split('\n'), ['ab', '$(A)', '$(UNKNOWN)', '$A$', '$(LATER)$a', '']);
});

test('mount paths are rewritten in command, args, variables and working directory', async (t) => {
  const node = startNode(t);
  node.create('configmaps', 'files', { data: { 'script.sh': 'cat "$INPUT"; pwd; echo "$LIST $OTHER"' } });
  node.createPod({
    containers: [
      {
        name: 'worker',
        image: 'busybox:1.37',
        command: ['sh', '-c', 'echo input > /data/in && sh /data/files/script.sh > /dev/termination-log'],
        workingDir: '/data/sub',
        env: [
          { name: 'INPUT', value: '/data/in' },
          { name: 'LIST', value: 'a=/data:/data/files,/database,x/data' },
          { name: 'OTHER', value: 'http://host/data' },
        ],
        volumeMounts: [
          { name: 'data', mountPath: '/data' },
          { name: 'files', mountPath: '/data/files' },
        ],
      },
    ],
    volumes: [
      { name: 'data', emptyDir: {} },
      { name: 'files', configMap: { name: 'files' } },
    ],
  });
  const text = await said(node);
  const folder = `${node.directory}/pods/${node.pod().metadata.uid}/volumes`;
  assert.deepEqual(text.split('\n'), [
    'input',
    `${folder}/data/sub`,
    `a=${folder}/data:${folder}/files,/database,x/data http://host/data`,
    '',
  ]);
});

test('a container that refers to something absent waits for it', async (t) => {
  const node = startNode(t);
  node.createPod({ containers: [printing('echo $A', { envFrom: [{ secretRef: { name: 'late' } }] })] });
  await node.untilState('worker', 'CreateContainerConfigError');
  assert.equal(node.container('worker')?.state.waiting?.message, 'secret "late" not found');
  node.create('secrets', 'late', { stringData: { A: 'there' } });
  assert.equal(await said(node), 'there\n');
});

const refusals = [
  {
    name: 'a liveness probe',
    more: { livenessProbe: { exec: { command: ['true'] } } },
    part: /livenessProbe/,
  },
  {
    name: 'a readiness probe',
    more: { readinessProbe: { exec: { command: ['true'] } } },
    part: /readinessProbe/,
  },
  { name: 'a hook', more: { lifecycle: { preStop: { exec: { command: ['true'] } } } }, part: /lifecycle/ },
  { name: 'a probe over HTTP', more: { startupProbe: { httpGet: { port: 1 } } }, part: /startupProbe/ },
  {
    name: 'a part of a volume',
    more: { volumeMounts: [{ name: 'data', mountPath: '/data', subPath: 'x' }] },
    part: /subPath/,
  },
];
for (const { name, more, part } of refusals) {
  test(`${name} is refused visibly`, async (t) => {
    const node = startNode(t);
    node.createPod({ containers: [printing('true', more)], volumes: [{ name: 'data', emptyDir: {} }] });
    await node.untilState('worker', 'CreateContainerConfigError');
    assert.match(node.container('worker')?.state.waiting?.message ?? '', part);
  });
}

test('a termination message keeps its last 4096 bytes; the log stands in for it where the policy says so', async (t) => {
  const long = startNode(t);
  long.createPod({ containers: [printing('seq 2000')] });
  const message = await said(long);
  assert.equal(message.length, 4096);
  assert.ok(message.endsWith('1999\n2000\n'));

  const fallback = startNode(t);
  fallback.createPod({
    containers: [shell('worker', 'echo why; exit 1', { terminationMessagePolicy: 'FallbackToLogsOnError' })],
  });
  assert.equal(await said(fallback), 'why\n');
});
