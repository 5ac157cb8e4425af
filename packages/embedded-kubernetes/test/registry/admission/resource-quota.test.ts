import assert from 'node:assert/strict';
import test from 'node:test';

import { aJob, aPod, aRegistry, fieldsOf, refusal } from '../sample-objects.ts';

function withQuota(hard: Record<string, string>) {
  const registry = aRegistry();
  registry.create('resourcequotas', { metadata: { name: 'few', namespace: 'default' }, spec: { hard } });
  return registry;
}

function podWith(name: string, requests: Record<string, string>) {
  return aPod(name, {
    spec: { containers: [{ name: 'worker', image: 'busybox', resources: { requests } }] },
  });
}

function usage(registry: ReturnType<typeof aRegistry>) {
  const quota = registry.get({ resource: 'resourcequotas', namespace: 'default', name: 'few' });
  return (quota?.['status'] as { used: unknown }).used;
}

test('a pod for which there is no room is refused, until one that ran has ended', () => {
  const registry = withQuota({ pods: '1' });
  registry.create('pods', aPod('a'));
  assert.deepEqual(usage(registry), { pods: '1' });
  const status = refusal(() => registry.create('pods', aPod('b')));
  assert.equal(status.code, 403);
  assert.equal(
    status.message,
    'pods "b" is forbidden: exceeded quota: few, requested: pods=1, used: pods=1, limited: pods=1',
  );
  registry.modify({ resource: 'pods', namespace: 'default', name: 'a' }, (pod) => {
    pod['status'] = { phase: 'Succeeded' };
  });
  assert.deepEqual(usage(registry), { pods: '0' });
  registry.create('pods', aPod('b'));
});

test('requests are added up, and only what is exceeded is named', () => {
  const registry = withQuota({ pods: '5', 'requests.cpu': '1', memory: '1Gi' });
  registry.create('pods', podWith('a', { cpu: '700m', memory: '512Mi' }));
  const status = refusal(() => registry.create('pods', podWith('b', { cpu: '400m', memory: '512Mi' })));
  assert.match(
    status.message,
    /exceeded quota: few, requested: requests.cpu=400m, used: requests.cpu=700m, limited: requests.cpu=1$/,
  );
  assert.deepEqual(usage(registry), { pods: '1', 'requests.cpu': '700m', memory: '512Mi' });
});

test('where compute is limited a container has to say what it needs', () => {
  const registry = withQuota({ 'requests.cpu': '1' });
  const status = refusal(() => registry.create('pods', aPod('a')));
  assert.equal(
    status.message,
    'pods "a" is forbidden: failed quota: few: must specify requests.cpu for: worker',
  );
});

test('the number of Jobs can be limited', () => {
  const registry = withQuota({ 'count/jobs.batch': '1' });
  registry.create('jobs', aJob('a'));
  const status = refusal(() => registry.create('jobs', aJob('b')));
  assert.match(
    status.message,
    /^jobs.batch "b" is forbidden: exceeded quota: few, requested: count\/jobs.batch=1/,
  );
});

test('a quota on what is not counted here is refused', () => {
  const status = refusal(() => withQuota({ 'requests.storage': '1Gi' }));
  assert.deepEqual(fieldsOf(status), ['spec.hard[requests.storage]']);
});
