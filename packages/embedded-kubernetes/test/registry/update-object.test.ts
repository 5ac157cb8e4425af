import assert from 'node:assert/strict';
import test from 'node:test';

import { copyOf } from '../../src/objects/copy.ts';
import type { KubeObject } from '../../src/objects/kube-object.ts';
import {
  aConfigMap,
  aJob,
  aPod,
  aRegistry,
  fieldsOf,
  keyOf,
  recordedEvents,
  refusal,
} from './sample-objects.ts';

function specOf(object: KubeObject): Record<string, unknown> {
  return object['spec'] as Record<string, unknown>;
}

test('an update with a stale version is a Conflict, one without a version is not', () => {
  const registry = aRegistry();
  const first = registry.create('configmaps', aConfigMap('a'));
  const key = keyOf('configmaps', 'a');
  registry.update(key, { ...first, data: { a: '1' } });
  const error = refusal(() => registry.update(key, { ...first, data: { a: '2' } }));
  assert.equal(error.code, 409);
  assert.equal(error.reason, 'Conflict');
  assert.deepEqual(registry.get(key)?.['data'], { a: '1' });
  registry.update(key, { data: { a: '3' } });
  assert.deepEqual(registry.get(key)?.['data'], { a: '3' });
});

test('a Lease can only be updated with the version that was read', () => {
  const registry = aRegistry();
  registry.create('leases', { metadata: { name: 'a', namespace: 'default' }, spec: { holderIdentity: 'x' } });
  const error = refusal(() => registry.update(keyOf('leases', 'a'), { spec: { holderIdentity: 'y' } }));
  assert.equal(error.code, 422);
  assert.deepEqual(fieldsOf(error), ['metadata.resourceVersion']);
});

test('an update of another object of the same name is a Conflict', () => {
  const registry = aRegistry();
  const old = registry.create('configmaps', aConfigMap('a'));
  registry.delete(keyOf('configmaps', 'a'));
  registry.create('configmaps', aConfigMap('a'));
  const object = { ...old, metadata: { ...old.metadata, resourceVersion: '' } };
  assert.equal(refusal(() => registry.update(keyOf('configmaps', 'a'), object)).code, 409);
});

test('an update that changes nothing makes no version and no event', () => {
  const registry = aRegistry();
  const job = registry.create('jobs', aJob('a'));
  const events = recordedEvents(registry);
  const again = registry.update(keyOf('jobs', 'a'), job);
  assert.equal(again.metadata.resourceVersion, job.metadata.resourceVersion);
  registry.modify(keyOf('jobs', 'a'), () => undefined);
  assert.deepEqual(events, []);
});

test('generation follows the spec, not labels and not status', () => {
  const registry = aRegistry();
  const key = keyOf('jobs', 'a');
  const job = registry.create('jobs', aJob('a'));
  job.metadata.labels = { app: 'x' };
  assert.equal(registry.update(key, job).metadata.generation, 1);
  assert.equal(registry.update(key, { status: { active: 1 } }, 'status').metadata.generation, 1);
  const suspended = registry.modify(key, (draft) => {
    specOf(draft)['suspend'] = true;
  });
  assert.equal(suspended?.metadata.generation, 2);
});

test('the main resource ignores status, and /status ignores spec', () => {
  const registry = aRegistry();
  const key = keyOf('jobs', 'a');
  const job = registry.create('jobs', aJob('a'));
  const updated = registry.update(key, { ...job, status: { succeeded: 1 } });
  assert.deepEqual(updated['status'], {});
  const object = { ...updated, spec: { ...specOf(updated), parallelism: 5 }, status: { succeeded: 1 } };
  const withStatus = registry.update(key, object, 'status');
  assert.deepEqual(withStatus['status'], { succeeded: 1 });
  assert.equal(specOf(withStatus)['parallelism'], 1);
});

test('a client cannot change what is the server’s: uid, times, generation, deletion mark', () => {
  const registry = aRegistry();
  const job = registry.create('jobs', aJob('a'));
  const metadata = {
    ...job.metadata,
    generation: 9,
    creationTimestamp: '2001-01-01T00:00:00Z',
    deletionTimestamp: 'x',
  };
  assert.deepEqual(registry.update(keyOf('jobs', 'a'), { ...job, metadata }).metadata, job.metadata);
});

const jobChanges: { name: string; change: (spec: Record<string, unknown>) => void; field?: string }[] = [
  { name: 'suspend', change: (spec) => (spec['suspend'] = true) },
  { name: 'parallelism', change: (spec) => (spec['parallelism'] = 3) },
  { name: 'activeDeadlineSeconds', change: (spec) => (spec['activeDeadlineSeconds'] = 3) },
  { name: 'backoffLimit', change: (spec) => (spec['backoffLimit'] = 0) },
  { name: 'completions', change: (spec) => (spec['completions'] = 2), field: 'spec.completions' },
  {
    name: 'the selector',
    change: (spec) => (spec['selector'] = { matchLabels: {} }),
    field: 'spec.selector',
  },
  {
    name: 'the template',
    change: (spec) =>
      ((spec['template'] as { spec: Record<string, unknown> }).spec['containers'] = [
        { name: 'b', image: 'c' },
      ]),
    field: 'spec.template',
  },
  {
    name: 'the node selector of a running Job',
    change: (spec) =>
      ((spec['template'] as { spec: Record<string, unknown> }).spec['nodeSelector'] = { a: 'b' }),
    field: 'spec.template',
  },
];
for (const { name, change, field } of jobChanges) {
  test(`${name} of a Job is ${field === undefined ? 'changeable' : 'immutable'}`, () => {
    const registry = aRegistry();
    const job = registry.create('jobs', aJob('a'));
    const next = copyOf(job);
    change(specOf(next));
    function update(): KubeObject {
      return registry.update(keyOf('jobs', 'a'), next);
    }
    if (field === undefined) assert.deepEqual(specOf(update()), specOf(next));
    else assert.deepEqual(fieldsOf(refusal(update)), [field]);
  });
}

test('of a pod the image may change, the command may not', () => {
  const registry = aRegistry();
  const key = keyOf('pods', 'a');
  const pod = registry.create('pods', aPod('a'));
  const containers = specOf(pod)['containers'] as Record<string, unknown>[];
  const image = { ...containers[0], image: 'other' };
  registry.update(key, { ...pod, spec: { ...specOf(pod), containers: [image] } });
  const command = { ...containers[0], command: ['sh'] };
  const object = { spec: { ...specOf(pod), containers: [command] } };
  assert.deepEqual(fieldsOf(refusal(() => registry.update(key, object))), ['spec']);
});

for (const resource of ['configmaps', 'secrets']) {
  test(`immutable ${resource} keep their data and stay immutable`, () => {
    const registry = aRegistry();
    const key = keyOf(resource, 'a');
    const object = registry.create(resource, { ...aConfigMap('a'), data: { a: 'Yg==' }, immutable: true });
    const change = refusal(() => registry.update(key, { ...object, data: { a: 'Yw==' } }));
    assert.deepEqual(fieldsOf(change), ['data']);
    const release = refusal(() => registry.update(key, { ...object, immutable: false }));
    assert.deepEqual(fieldsOf(release), ['immutable']);
    object.metadata.labels = { still: 'possible' };
    registry.update(key, object);
  });
}

test('stringData of a Secret is written only: it comes back as base64 in data', () => {
  const secret = aRegistry().create('secrets', {
    ...aConfigMap('a'),
    data: { a: 'Yg==' },
    stringData: { c: 'd' },
  });
  assert.deepEqual(secret['data'], { a: 'Yg==', c: 'ZA==' });
  assert.equal(secret['stringData'], undefined);
});

test('an update of nothing is NotFound', () => {
  assert.equal(refusal(() => aRegistry().update(keyOf('jobs', 'a'), {})).code, 404);
});
