import assert from 'node:assert/strict';
import { test } from 'node:test';
import { secretReferences } from '../../../src/flow/secret-references.ts';
import type { Pod } from '../../../src/kubernetes/types.ts';

test('a container is given the Secrets of its environment and of the volumes that it mounts, and no others', () => {
  const spec = {
    containers: [
      {
        name: 'worker',
        env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'licence', key: 'KEY', optional: true } } }],
        envFrom: [{ secretRef: { name: 'parameters' } }, { configMapRef: { name: 'environment' } }],
        volumeMounts: [
          { name: 'certificates', mountPath: '/a' },
          { name: 'mixed', mountPath: '/b' },
        ],
      },
    ],
    initContainers: [{ name: 'uploader', volumeMounts: [{ name: 'keys', mountPath: '/keys' }] }],
    volumes: [
      { name: 'certificates', secret: { secretName: 'certificate' } },
      {
        name: 'mixed',
        projected: { sources: [{ secret: { name: 'projected' } }, { configMap: { name: 'x' } }] },
      },
      { name: 'keys', secret: { secretName: 'store' } },
    ],
  };
  const pod = { spec } as Pod;
  const needed = { optional: false };
  assert.deepEqual(secretReferences(pod, 'worker'), [
    { name: 'certificate', ...needed },
    { name: 'projected', ...needed },
    { name: 'licence', optional: true },
    { name: 'parameters', ...needed },
  ]);
  assert.deepEqual(secretReferences(pod, 'uploader'), [{ name: 'store', ...needed }]);
  assert.deepEqual(secretReferences({}, 'worker'), []);
});
