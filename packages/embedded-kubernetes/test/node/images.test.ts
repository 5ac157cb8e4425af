import assert from 'node:assert/strict';
import test from 'node:test';

import { fullImageName, parseImages } from '../../src/node/images.ts';
import { waitUntil } from '../wait-until.ts';
import { shell, startNode, word } from './node-fixture.ts';

const names = [
  ['node', 'docker.io/library/node:latest'],
  ['node:24-slim', 'docker.io/library/node:24-slim'],
  ['docker.io/library/node:24-slim', 'docker.io/library/node:24-slim'],
  ['linuxserver/ffmpeg:7', 'docker.io/linuxserver/ffmpeg:7'],
  ['localhost:5000/a/b', 'localhost:5000/a/b:latest'],
  [`ghcr.io/a/b@sha256:${'0'.repeat(64)}`, `ghcr.io/a/b@sha256:${'0'.repeat(64)}`],
  ['UPPER', undefined],
  ['a:b:c', undefined],
  ['a b', undefined],
] as const;
for (const [name, full] of names) {
  test(`the image name ${name} is ${full ?? 'refused'}`, () => {
    assert.equal(fullImageName(name), full);
  });
}

const mistakes = [
  { name: 'no images', text: 'a: 1', message: /dev\.yaml: images: expected a mapping/ },
  { name: 'a bad name', text: 'images: { "A B": {} }', message: /images: "A B" is not an image name/ },
  { name: 'an unknown member', text: 'images: { a: { command: [x] } }', message: /unknown member "command"/ },
  {
    name: 'not a list',
    text: 'images: { a: { entrypoint: x } }',
    message: /entrypoint: expected a list of texts/,
  },
];
for (const { name, text, message } of mistakes) {
  test(`an image map with ${name} says what is wrong`, () => {
    assert.throws(() => parseImages(text, 'dev.yaml'), message);
  });
}

test('an unknown image alternates between its two reasons, and names the line to add', async (t) => {
  const node = startNode(t);
  node.createPod({
    initContainers: [shell('uploader', 'while :; do sleep 1; done', { restartPolicy: 'Always' })],
    containers: [{ name: 'worker', image: 'ghcr.io/some/tool:1' }],
  });
  await waitUntil(
    'it has been pulled twice',
    () => node.history.filter((each) => each === 'worker ImagePullBackOff').length === 2,
  );
  assert.deepEqual(node.history.filter((each) => each.startsWith('worker')).slice(0, 5), [
    'worker PodInitializing',
    'worker ErrImagePull',
    'worker ImagePullBackOff',
    'worker ErrImagePull',
    'worker ImagePullBackOff',
  ]);
  assert.equal(node.pod().status.phase, 'Pending');
  assert.equal(word(node.container('uploader')?.state ?? {}), 'Running');
  const message = node.messages().find((each) => each.startsWith('Failed to pull'));
  assert.match(
    message ?? '',
    /add the line `ghcr\.io\/some\/tool:1: \{ entrypoint: \[program\] \}`.*test\/images\.yaml/,
  );
});

test('a name that is no image name is InvalidImageName', async (t) => {
  const node = startNode(t);
  node.createPod({ containers: [{ name: 'worker', image: 'Not An Image' }] });
  await node.untilState('worker', 'InvalidImageName');
});

for (const command of ['perl', '/opt/own/tool']) {
  test(`${command}, which the image does not have, is a StartError`, async (t) => {
    const node = startNode(t);
    node.createPod({ containers: [{ name: 'worker', image: 'busybox:1.37', command: [command] }] });
    await node.untilPhase('Failed');
    assert.equal(word(node.container('worker')?.state ?? {}), 'StartError(128)');
    const message = node.container('worker')?.state.terminated?.message ?? '';
    assert.match(message, /executable file not found in \$PATH|no such file or directory/);
  });
}

test('only the programs of the image are on its PATH', async (t) => {
  const node = startNode(t);
  node.createPod({ containers: [shell('worker', 'node -v')] });
  await node.untilPhase('Failed');
  assert.equal(node.container('worker')?.state.terminated?.exitCode, 127);
});

test('node runs the Node that runs the cluster', async (t) => {
  const node = startNode(t);
  const script = "require('fs').writeFileSync('/dev/termination-log', process.version)";
  node.createPod({
    containers: [{ name: 'worker', image: 'node:24-slim', command: ['node', '-e', script] }],
  });
  await node.untilPhase('Succeeded');
  assert.equal(node.container('worker')?.state.terminated?.message, process.version);
});
