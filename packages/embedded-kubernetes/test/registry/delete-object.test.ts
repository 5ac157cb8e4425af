import assert from 'node:assert/strict';
import test from 'node:test';

import type { ClusterRegistry } from '../../src/registry/types.ts';
import {
  aConfigMap,
  aJob,
  aPod,
  aRegistry,
  fieldsOf,
  keyOf,
  ownedBy,
  recordedEvents,
  refusal,
} from './sample-objects.ts';

function now(): Date {
  return new Date('2026-05-01T10:00:00Z');
}

test('a finalizer holds a deleted object until it is taken off, and only then is it DELETED', () => {
  const registry = aRegistry({ now });
  const events = recordedEvents(registry);
  registry.create('configmaps', aConfigMap('a', { metadata: { finalizers: ['example.org/hold'] } }));
  const key = keyOf('configmaps', 'a');
  const marked = registry.delete(key);
  assert.equal(marked.metadata.deletionTimestamp, '2026-05-01T10:00:00Z');
  assert.ok(registry.get(key));
  registry.update(key, { ...marked, metadata: { ...marked.metadata, finalizers: [] } });
  assert.equal(registry.get(key), undefined);
  assert.deepEqual(events, ['ADDED configmaps/a', 'MODIFIED configmaps/a', 'DELETED configmaps/a']);
});

test('an object that is being deleted takes no new finalizer', () => {
  const registry = aRegistry();
  const key = keyOf('configmaps', 'a');
  registry.create('configmaps', aConfigMap('a', { metadata: { finalizers: ['example.org/hold'] } }));
  const marked = registry.delete(key);
  const metadata = { ...marked.metadata, finalizers: ['example.org/hold', 'example.org/new'] };
  const error = refusal(() => registry.update(key, { ...marked, metadata }));
  assert.deepEqual(fieldsOf(error), ['metadata.finalizers']);
});

test('preconditions on uid and version guard a deletion', () => {
  const registry = aRegistry();
  const key = keyOf('configmaps', 'a');
  const { uid, resourceVersion } = registry.create('configmaps', aConfigMap('a')).metadata;
  assert.equal(refusal(() => registry.delete(key, { preconditions: { uid: 'other' } })).code, 409);
  assert.equal(
    refusal(() => registry.delete(key, { preconditions: { uid, resourceVersion: '1' } })).code,
    409,
  );
  registry.delete(key, { preconditions: { uid, resourceVersion } });
  assert.equal(registry.get(key), undefined);
});

test('deleting what is not there is NotFound', () => {
  assert.equal(refusal(() => aRegistry().delete(keyOf('pods', 'a'))).code, 404);
});

function aPodOnANode(registry: ClusterRegistry) {
  registry.create('pods', aPod('a', { spec: { nodeName: 'node', terminationGracePeriodSeconds: 60 } }));
  return keyOf('pods', 'a');
}

test('a pod on a node is marked with its grace, and goes when the kubelet deletes it with grace 0', () => {
  const registry = aRegistry({ now });
  const key = aPodOnANode(registry);
  const { metadata } = registry.delete(key);
  assert.equal(metadata.deletionTimestamp, '2026-05-01T10:01:00Z');
  assert.equal(metadata.deletionGracePeriodSeconds, 60);
  registry.modify(key, (pod) => {
    pod.metadata.labels = { still: 'there' };
  });
  assert.ok(registry.get(key));
  registry.delete(key, { gracePeriodSeconds: 0 });
  assert.equal(registry.get(key), undefined);
});

test('a second deletion can shorten a grace, never lengthen it', () => {
  const registry = aRegistry({ now });
  const key = aPodOnANode(registry);
  registry.delete(key);
  assert.equal(registry.delete(key, { gracePeriodSeconds: 100 }).metadata.deletionGracePeriodSeconds, 60);
  const shorter = registry.delete(key, { gracePeriodSeconds: 5 }).metadata;
  assert.equal(shorter.deletionGracePeriodSeconds, 5);
  assert.equal(shorter.deletionTimestamp, '2026-05-01T10:00:05Z');
});

test('a pod that a finalizer holds after its end shows grace 0', () => {
  const registry = aRegistry({ now });
  const spec = { nodeName: 'node' };
  registry.create('pods', aPod('a', { metadata: { finalizers: ['example.org/hold'] }, spec }));
  registry.delete(keyOf('pods', 'a'));
  const { metadata } = registry.delete(keyOf('pods', 'a'), { gracePeriodSeconds: 0 });
  assert.equal(metadata.deletionGracePeriodSeconds, 0);
  assert.equal(metadata.deletionTimestamp, '2026-05-01T10:00:00Z');
});

for (const phase of ['Succeeded', 'Failed']) {
  test(`a pod that has ${phase} needs no grace`, () => {
    const registry = aRegistry();
    const key = aPodOnANode(registry);
    registry.update(key, { status: { phase } }, 'status');
    registry.delete(key);
    assert.equal(registry.get(key), undefined);
  });
}

test('a pod on no node goes at once', () => {
  const registry = aRegistry();
  registry.create('pods', aPod('a'));
  registry.delete(keyOf('pods', 'a'));
  assert.equal(registry.get(keyOf('pods', 'a')), undefined);
});

test('a dry run of a deletion deletes nothing', () => {
  const registry = aRegistry();
  registry.create('jobs', aJob('a'));
  registry.dryRun.delete(keyOf('jobs', 'a'));
  assert.equal(registry.get(keyOf('jobs', 'a'))?.metadata.deletionTimestamp, undefined);
});

test('Background: the owner goes at once, its dependents after it', () => {
  const registry = aRegistry();
  const job = registry.create('jobs', aJob('a'));
  registry.create('configmaps', aConfigMap('a', { metadata: { ownerReferences: ownedBy(job) } }));
  const events = recordedEvents(registry);
  registry.delete(keyOf('jobs', 'a'), { propagationPolicy: 'Background' });
  assert.deepEqual(events, ['DELETED jobs/a', 'DELETED configmaps/a']);
});

test('Orphan: dependents stay, without the reference', () => {
  const registry = aRegistry();
  const job = registry.create('jobs', aJob('a'));
  registry.create('configmaps', aConfigMap('a', { metadata: { ownerReferences: ownedBy(job) } }));
  registry.delete(keyOf('jobs', 'a'), { propagationPolicy: 'Orphan' });
  assert.equal(registry.get(keyOf('jobs', 'a')), undefined);
  assert.equal(registry.get(keyOf('configmaps', 'a'))?.metadata.ownerReferences, undefined);
});
