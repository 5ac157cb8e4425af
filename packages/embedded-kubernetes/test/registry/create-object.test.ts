import assert from 'node:assert/strict';
import test from 'node:test';

import type { ObjectInput } from '../../src/objects/kube-object.ts';
import { aConfigMap, aJob, aPod, aRegistry, fieldsOf, keyOf, refusal } from './sample-objects.ts';

test('a created object gets its uid, version, time and generation from the server', () => {
  const registry = aRegistry({ now: () => new Date('2026-05-01T10:00:00.900Z') });
  const job = registry.create('jobs', aJob('a'));
  assert.match(job.metadata.uid, /^[0-9a-f-]{36}$/);
  assert.equal(job.metadata.creationTimestamp, '2026-05-01T10:00:00Z');
  assert.equal(job.metadata.generation, 1);
  assert.equal(job.apiVersion, 'batch/v1');
  assert.deepEqual(registry.get(keyOf('jobs', 'a')), job);
  const next = registry.create('jobs', aJob('b'));
  assert.ok(Number(next.metadata.resourceVersion) > Number(job.metadata.resourceVersion));
});

test('what is handed in and out are copies', () => {
  const registry = aRegistry();
  const input = aConfigMap('a', { data: { key: 'stored' } });
  const created = registry.create('configmaps', input);
  (input['data'] as Record<string, string>)['key'] = 'changed';
  (created['data'] as Record<string, string>)['key'] = 'changed';
  assert.deepEqual(registry.get(keyOf('configmaps', 'a'))?.['data'], { key: 'stored' });
});

test('generateName gives each object another name', () => {
  const registry = aRegistry();
  const names = [1, 2, 3].map(() => {
    const metadata = { namespace: 'default', generateName: 'run-' };
    return registry.create('configmaps', { metadata }).metadata.name;
  });
  assert.equal(new Set(names).size, 3);
  for (const name of names) assert.match(name, /^run-[a-z0-9]{5}$/);
});

test('a Job gets the defaults and the tracking labels of a real server', () => {
  const job = aRegistry().create('jobs', aJob('a'));
  const spec = job['spec'] as Record<string, unknown>;
  const { template, ...rest } = spec;
  assert.deepEqual(rest, {
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    completions: 1,
    manualSelector: false,
    parallelism: 1,
    podReplacementPolicy: 'TerminatingOrFailed',
    selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': job.metadata.uid } },
    suspend: false,
  });
  assert.deepEqual((template as { metadata: { labels: unknown } }).metadata.labels, {
    'batch.kubernetes.io/controller-uid': job.metadata.uid,
    'batch.kubernetes.io/job-name': 'a',
    'controller-uid': job.metadata.uid,
    'job-name': 'a',
  });
});

test('a pod starts Pending whatever status it is created with', () => {
  const pod = aRegistry().create('pods', { ...aPod('a'), status: { phase: 'Succeeded' } });
  assert.deepEqual(pod['status'], { phase: 'Pending' });
  assert.equal((pod['spec'] as Record<string, unknown>)['terminationGracePeriodSeconds'], 30);
});

const never = { restartPolicy: 'Never', containers: [{ name: 'worker', image: 'busybox' }] };
const rejected: { name: string; resource: string; object: ObjectInput; field: string }[] = [
  {
    name: 'upper case in a name',
    resource: 'configmaps',
    object: aConfigMap('Upper'),
    field: 'metadata.name',
  },
  {
    name: 'an underscore in a name',
    resource: 'configmaps',
    object: aConfigMap('a_b'),
    field: 'metadata.name',
  },
  {
    name: 'a name of 254 characters',
    resource: 'configmaps',
    object: aConfigMap('a'.repeat(254)),
    field: 'metadata.name',
  },
  {
    name: 'no name at all',
    resource: 'configmaps',
    object: { metadata: { namespace: 'default' } },
    field: 'metadata.name',
  },
  {
    name: 'a Job name of 64 characters',
    resource: 'jobs',
    object: aJob('a'.repeat(64)),
    field: 'spec.template.labels',
  },
  {
    name: 'a label value of 64 characters',
    resource: 'configmaps',
    object: aConfigMap('a', { metadata: { labels: { key: 'x'.repeat(64) } } }),
    field: 'metadata.labels',
  },
  {
    name: 'a space in a label key',
    resource: 'configmaps',
    object: aConfigMap('a', { metadata: { labels: { 'a b': 'c' } } }),
    field: 'metadata.labels',
  },
  {
    name: 'annotations above 256 KiB',
    resource: 'configmaps',
    object: aConfigMap('a', { metadata: { annotations: { key: 'x'.repeat(256 * 1024) } } }),
    field: 'metadata.annotations',
  },
  {
    name: 'a ConfigMap above 1 MiB',
    resource: 'configmaps',
    object: aConfigMap('a', { data: { key: 'x'.repeat(1024 * 1024 + 1) } }),
    field: '',
  },
  {
    name: 'a slash in a ConfigMap key',
    resource: 'configmaps',
    object: aConfigMap('a', { data: { 'a/b': '' } }),
    field: 'data[a/b]',
  },
  {
    name: 'a Job without restart policy',
    resource: 'jobs',
    object: aJob('a', { template: { spec: { ...never, restartPolicy: undefined } } }),
    field: 'spec.template.spec.restartPolicy',
  },
  {
    name: 'a Job that restarts always',
    resource: 'jobs',
    object: aJob('a', { template: { spec: { ...never, restartPolicy: 'Always' } } }),
    field: 'spec.template.spec.restartPolicy',
  },
  {
    name: 'a failure policy with OnFailure',
    resource: 'jobs',
    object: aJob('a', {
      podFailurePolicy: { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }] },
      template: { spec: { ...never, restartPolicy: 'OnFailure' } },
    }),
    field: 'spec.template.spec.restartPolicy',
  },
  {
    name: 'a Job without containers',
    resource: 'jobs',
    object: aJob('a', { template: { spec: { restartPolicy: 'Never' } } }),
    field: 'spec.template.spec.containers',
  },
  {
    name: 'a container without image',
    resource: 'pods',
    object: aPod('a', { spec: { containers: [{ name: 'worker' }] } }),
    field: 'spec.containers[0].image',
  },
  {
    name: 'two containers of one name',
    resource: 'pods',
    object: aPod('a', { spec: { initContainers: [{ name: 'worker', image: 'x' }] } }),
    field: 'spec.containers[0].name',
  },
  {
    name: 'a mount of a volume that is not there',
    resource: 'pods',
    object: aPod('a', {
      spec: {
        containers: [{ name: 'worker', image: 'x', volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
      },
    }),
    field: 'spec.containers[0].volumeMounts[0].name',
  },
  ...[
    { items: [{ key: 'a' }], field: 'items[0].path' },
    { items: [{ path: 'a' }], field: 'items[0].key' },
    {
      items: [
        { key: 'a', path: 'a' },
        { key: 'b', path: '../b' },
      ],
      field: 'items[1].path',
    },
    { items: [{ key: 'a', path: '/a' }], field: 'items[0].path' },
  ].flatMap(({ items, field }) =>
    [{ configMap: { name: 'c', items } }, { secret: { secretName: 's', items } }].map((source) => ({
      name: `${Object.keys(source).join()} with ${JSON.stringify(items)}`,
      ...{ resource: 'pods', object: aPod('a', { spec: { volumes: [{ name: 'v', ...source }] } }) },
      field: `spec.volumes[0].${Object.keys(source).join()}.${field}`,
    })),
  ),
  {
    name: 'an owner reference without uid',
    resource: 'configmaps',
    object: aConfigMap('a', {
      metadata: { ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'a', uid: '' }] },
    }),
    field: 'metadata.ownerReferences[0].uid',
  },
];
const policy = { rules: [{ action: 'FailIndex', onExitCodes: { operator: 'NotIn', values: [0] } }] };
const unsupported = [
  { spec: { completionMode: 'Indexed', completions: 2 }, field: 'spec.completionMode' },
  { spec: { backoffLimitPerIndex: 1 }, field: 'spec.backoffLimitPerIndex' },
  { spec: { successPolicy: { rules: [] } }, field: 'spec.successPolicy' },
  { spec: { ttlSecondsAfterFinished: 0 }, field: 'spec.ttlSecondsAfterFinished' },
  { spec: { managedBy: 'example.org/other' }, field: 'spec.managedBy' },
  { spec: { podFailurePolicy: policy }, field: 'spec.podFailurePolicy.rules[0].action' },
].map(({ spec, field }) => ({
  name: `a Job with ${field}, which its controller would ignore,`,
  ...{ resource: 'jobs', object: aJob('a', spec), field },
}));
for (const { name, resource, object, field } of [...rejected, ...unsupported]) {
  test(`refuses ${name} as Invalid, names the field, and stores nothing`, () => {
    const registry = aRegistry();
    const error = refusal(() => registry.create(resource, object));
    assert.equal(error.code, 422);
    assert.equal(error.reason, 'Invalid');
    assert.ok(fieldsOf(error).includes(field), error.message);
    assert.deepEqual(registry.list(resource).items, []);
  });
}

test('a name that is taken is AlreadyExists, and the first object stays', () => {
  const registry = aRegistry();
  const first = registry.create('jobs', aJob('a'));
  const error = refusal(() => registry.create('jobs', aJob('a')));
  assert.equal(error.code, 409);
  assert.equal(error.reason, 'AlreadyExists');
  assert.equal(error.message, 'jobs.batch "a" already exists');
  assert.equal(registry.get(keyOf('jobs', 'a'))?.metadata.uid, first.metadata.uid);
});

test('nothing is created in a namespace that does not exist', () => {
  const error = refusal(() =>
    aRegistry().create('configmaps', { metadata: { name: 'a', namespace: 'nowhere' } }),
  );
  assert.equal(error.code, 404);
  assert.equal(error.message, 'namespaces "nowhere" not found');
});

test('a dry run validates like the real thing and stores nothing', () => {
  const registry = aRegistry();
  const before = registry.resourceVersion;
  assert.equal(registry.dryRun.create('jobs', aJob('a')).metadata.name, 'a');
  assert.equal(refusal(() => registry.dryRun.create('jobs', aJob('A'))).code, 422);
  assert.equal(registry.get(keyOf('jobs', 'a')), undefined);
  assert.equal(registry.resourceVersion, before);
});
