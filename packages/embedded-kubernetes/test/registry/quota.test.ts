import assert from 'node:assert/strict';
import test from 'node:test';

import { aJob, aPod, aRegistry, fieldsOf, refusal } from './sample-objects.ts';

function withQuota(hard: Record<string, string>) {
  const registry = aRegistry();
  registry.create('resourcequotas', { metadata: { name: 'few', namespace: 'default' }, spec: { hard } });
  return registry;
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

test('all counts that are exceeded are named, and ended pods count where they are counted', () => {
  const registry = withQuota({ pods: '1', 'count/pods': '1' });
  registry.create('pods', aPod('a'));
  const both = refusal(() => registry.create('pods', aPod('b')));
  assert.match(
    both.message,
    /requested: count\/pods=1,pods=1, used: count\/pods=1,pods=1, limited: count\/pods=1,pods=1$/,
  );
  registry.modify({ resource: 'pods', namespace: 'default', name: 'a' }, (pod) => {
    pod['status'] = { phase: 'Succeeded' };
  });
  const one = refusal(() => registry.create('pods', aPod('b')));
  assert.match(one.message, /requested: count\/pods=1, used: count\/pods=1, limited: count\/pods=1$/);
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

for (const name of ['requests.cpu', 'memory', 'requests.storage', 'count/services']) {
  test(`a quota on ${name}, which is not counted here, is refused`, () => {
    const status = refusal(() => withQuota({ [name]: '1' }));
    assert.deepEqual(fieldsOf(status), [`spec.hard[${name}]`]);
  });
}
