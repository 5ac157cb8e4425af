// A program for a test: a node with one container, whose pid it prints. It is killed before it can clean up.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { createRegistry } from '../../src/registry/registry.ts';
import { parseImages } from '../../src/runner/images.ts';
import { startRunner } from '../../src/runner/runner.ts';
import { waitUntil } from '../wait-until.ts';

const directory = process.argv[2] ?? '';
const registry = createRegistry();
startRunner({
  registry,
  directory,
  images: parseImages('images: { box: { programs: [sh, sleep] } }', 'test'),
});
registry.create('namespaces', { metadata: { name: 'work' } });
const { uid } = registry.create('pods', {
  metadata: { name: 'pod', namespace: 'work' },
  spec: {
    volumes: [{ name: 'v', emptyDir: {} }],
    containers: [
      {
        name: 'worker',
        image: 'box',
        command: ['sh', '-c', "trap '' TERM; echo $$$$ > /v/pid; while :; do sleep 1; done"],
        volumeMounts: [{ name: 'v', mountPath: '/v' }],
      },
    ],
  },
}).metadata;
const file = join(directory, 'pods', uid, 'volumes', 'v', 'pid');
const pid = await waitUntil(
  'the container runs',
  () => existsSync(file) && /^\d+\n$/.exec(readFileSync(file, 'utf8'))?.[0],
);
process.stdout.write(pid);
