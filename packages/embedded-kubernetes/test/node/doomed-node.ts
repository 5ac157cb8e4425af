import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { createClusterRegistry } from '../../src/controllers/cluster-registry.ts';
import { parseImages } from '../../src/node/images.ts';
import { startKubelet } from '../../src/node/kubelet.ts';
import { startScheduler } from '../../src/scheduler/scheduler.ts';
import { waitUntil } from '../wait-until.ts';

// A program for a test: a node with one container, whose pid it prints. It is killed before it can clean up.

const directory = process.argv[2] ?? '';
const registry = createClusterRegistry();
const { name: nodeName } = startKubelet({
  registry,
  directory,
  images: parseImages('images: { box: { programs: [sh, sleep] } }', 'test'),
});
startScheduler({ registry, nodeName });
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
