import assert from 'node:assert/strict';
import test from 'node:test';

import { aConfigMap, aPod, aRegistry, keyOf, refusal } from '../registry/sample-objects.ts';

const key = { resource: 'namespaces', name: 'default' };

test('a new namespace is Active and has a default service account', () => {
  const registry = aRegistry();
  assert.deepEqual(registry.get(key)?.['status'], { phase: 'Active' });
  assert.ok(registry.get(keyOf('serviceaccounts', 'default')));
});

test('a deleted namespace takes its content with it', () => {
  const registry = aRegistry();
  registry.create('configmaps', aConfigMap('a'));
  registry.delete(key);
  assert.equal(registry.get(key), undefined);
  assert.deepEqual(registry.list('configmaps').items, []);
  assert.deepEqual(registry.list('serviceaccounts').items, []);
});

test('a finalizer on content keeps the namespace Terminating, closed to new content, until it is gone', () => {
  const registry = aRegistry();
  registry.create('pods', aPod('a', { metadata: { finalizers: ['example.org/hold'] } }));
  registry.delete(key);
  assert.deepEqual(registry.get(key)?.['status'], { phase: 'Terminating' });
  const error = refusal(() => registry.create('configmaps', aConfigMap('late')));
  assert.equal(error.code, 403);
  assert.equal(error.details?.causes?.[0]?.reason, 'NamespaceTerminating');
  registry.modify(keyOf('pods', 'a'), (pod) => {
    delete pod.metadata.finalizers;
  });
  assert.equal(registry.get(key), undefined);
});
