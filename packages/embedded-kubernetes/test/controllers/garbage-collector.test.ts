import assert from 'node:assert/strict';
import test from 'node:test';

import { aConfigMap, aJob, aPod, aRegistry, keyOf, ownedBy } from '../registry/sample-objects.ts';

test('a dependent with another living owner loses only the reference', () => {
  const registry = aRegistry();
  const [first, second] = ['a', 'b'].map((name) => registry.create('jobs', aJob(name)));
  assert.ok(first && second);
  const ownerReferences = [...ownedBy(first), ...ownedBy(second)];
  registry.create('configmaps', aConfigMap('c', { metadata: { ownerReferences } }));
  registry.delete(keyOf('jobs', 'a'));
  const owners = registry.get(keyOf('configmaps', 'c'))?.metadata.ownerReferences;
  assert.deepEqual(
    owners?.map((owner) => owner.name),
    ['b'],
  );
});

test('an object whose owner is already gone is deleted, also if another object has the owner’s name', () => {
  const registry = aRegistry();
  const old = registry.create('jobs', aJob('a'));
  registry.delete(keyOf('jobs', 'a'));
  registry.create('jobs', aJob('a'));
  registry.create('configmaps', aConfigMap('c', { metadata: { ownerReferences: ownedBy(old) } }));
  assert.equal(registry.get(keyOf('configmaps', 'c')), undefined);
});

test('owners of kinds this cluster does not serve are left alone', () => {
  const registry = aRegistry();
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'x', uid: 'y' }];
  registry.create('configmaps', aConfigMap('c', { metadata: { ownerReferences } }));
  assert.ok(registry.get(keyOf('configmaps', 'c')));
});

test('a finalizer keeps a dependent, marked, after its owner is gone', () => {
  const registry = aRegistry();
  const job = registry.create('jobs', aJob('a'));
  registry.create(
    'pods',
    aPod('p', { metadata: { ownerReferences: ownedBy(job), finalizers: ['example.org/hold'] } }),
  );
  registry.delete(keyOf('jobs', 'a'));
  assert.ok(registry.get(keyOf('pods', 'p'))?.metadata.deletionTimestamp);
});

test('an owner that a finalizer holds keeps its dependents', () => {
  const registry = aRegistry();
  const job = registry.create('jobs', {
    ...aJob('a'),
    metadata: { name: 'a', namespace: 'default', finalizers: ['example.org/hold'] },
  });
  registry.create('configmaps', aConfigMap('c', { metadata: { ownerReferences: ownedBy(job) } }));
  registry.delete(keyOf('jobs', 'a'));
  assert.ok(registry.get(keyOf('configmaps', 'c')));
});

test('an owner set later counts like one set at creation', () => {
  const registry = aRegistry();
  const job = registry.create('jobs', aJob('a'));
  const map = registry.create('configmaps', aConfigMap('c'));
  registry.update(keyOf('configmaps', 'c'), {
    ...map,
    metadata: { ...map.metadata, ownerReferences: ownedBy(job) },
  });
  registry.delete(keyOf('jobs', 'a'));
  assert.equal(registry.get(keyOf('configmaps', 'c')), undefined);
});
