import assert from 'node:assert/strict';
import test from 'node:test';

import { aConfigMap, aPod, aRegistry, keyOf } from '../registry/sample-objects.ts';
import { paths, type Reply, startTestApi } from './test-api.ts';

function namesOf(reply: Reply): string[] {
  return (reply.body['items'] as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name);
}

function labelled() {
  const registry = aRegistry();
  const labels: Record<string, Record<string, string>> = {
    a: { app: 'x', tier: 'one' },
    b: { app: 'y' },
    c: {},
  };
  for (const [name, each] of Object.entries(labels))
    registry.create('configmaps', aConfigMap(name, { metadata: { labels: each } }));
  return registry;
}

const selections: { name: string; query: string; found: string[] }[] = [
  { name: 'equality', query: 'labelSelector=app=x', found: ['a'] },
  { name: 'double equality', query: 'labelSelector=app==y', found: ['b'] },
  { name: 'inequality, absence included', query: 'labelSelector=app!=x', found: ['b', 'c'] },
  { name: 'a set', query: 'labelSelector=app in (x, y)', found: ['a', 'b'] },
  { name: 'a set and more', query: 'labelSelector=app in (x,y),tier', found: ['a'] },
  { name: 'outside of a set', query: 'labelSelector=app notin (x)', found: ['b', 'c'] },
  { name: 'existence', query: 'labelSelector=app', found: ['a', 'b'] },
  { name: 'absence', query: 'labelSelector=!app', found: ['c'] },
  { name: 'a name', query: 'fieldSelector=metadata.name=b', found: ['b'] },
  {
    name: 'another name',
    query: 'fieldSelector=metadata.name!=b,metadata.namespace=default',
    found: ['a', 'c'],
  },
];
for (const { name, query, found } of selections) {
  test(`a list selects by ${name}`, async (t) => {
    const api = await startTestApi(t, { registry: labelled() });
    assert.deepEqual(namesOf(await api.call(`${paths.configMaps}?${query.replaceAll(' ', '%20')}`)), found);
  });
}

test('pods are found by phase and node, events by what they are about', async (t) => {
  const api = await startTestApi(t);
  for (const name of ['p', 'q'])
    api.registry.create('pods', aPod(name, { spec: { nodeName: `node-${name}` } }));
  api.registry.update(keyOf('pods', 'q'), { status: { phase: 'Running' } }, 'status');
  assert.deepEqual(namesOf(await api.call(`${paths.pods}?fieldSelector=status.phase=Running`)), ['q']);
  assert.deepEqual(namesOf(await api.call(`/api/v1/pods?fieldSelector=spec.nodeName=node-p`)), ['p']);
  api.registry.create('events', {
    metadata: { name: 'e', namespace: 'default' },
    involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
  });
  const events =
    '/api/v1/namespaces/default/events?fieldSelector=involvedObject.kind=Pod,involvedObject.name=';
  assert.deepEqual(namesOf(await api.call(`${events}p`)), ['e']);
  assert.deepEqual(namesOf(await api.call(`${events}q`)), []);
});

test('pages of a list show the moment of its first page', async (t) => {
  const api = await startTestApi(t);
  for (const name of ['a', 'b', 'c', 'd']) api.registry.create('configmaps', aConfigMap(name));
  const first = await api.call(`${paths.configMaps}?limit=3`);
  assert.deepEqual(namesOf(first), ['a', 'b', 'c']);
  const metadata = first.body['metadata'] as {
    continue: string;
    remainingItemCount: number;
    resourceVersion: string;
  };
  assert.equal(metadata.remainingItemCount, 1);
  api.registry.delete(keyOf('configmaps', 'd'));
  api.registry.create('configmaps', aConfigMap('e'));
  const second = await api.call(`${paths.configMaps}?limit=3&continue=${metadata.continue}`);
  assert.deepEqual(namesOf(second), ['d']);
  assert.deepEqual(second.body['metadata'], { resourceVersion: metadata.resourceVersion });
});

test('a continue token is good for the kind and the namespace of its list alone', async (t) => {
  const api = await startTestApi(t);
  api.registry.create('namespaces', { metadata: { name: 'other' } });
  for (const name of ['a', 'b', 'c'])
    api.registry.create('secrets', {
      metadata: { name, namespace: 'default' },
      stringData: { key: 'hidden' },
    });
  const secrets = paths.configMaps.replace('configmaps', 'secrets');
  const { body } = await api.call(`${secrets}?limit=1`);
  const query = `?limit=1&continue=${(body['metadata'] as { continue: string }).continue}`;
  for (const path of [paths.configMaps, secrets.replace('default', 'other'), '/api/v1/secrets']) {
    const reply = await api.call(`${path}${query}`);
    assert.deepEqual([reply.code, reply.body['message']], [400, 'continue key is not valid']);
  }
  assert.deepEqual(namesOf(await api.call(`${secrets}${query}`)), ['b']);
});

test('a continue token that is no longer known is 410 Expired', async (t) => {
  const api = await startTestApi(t);
  const token = Buffer.from('forgotten:1').toString('base64url');
  const reply = await api.call(`${paths.configMaps}?limit=3&continue=${token}`);
  assert.deepEqual([reply.code, reply.body['reason']], [410, 'Expired']);
});

test('a list has its kind and version, its items do not repeat them', async (t) => {
  const api = await startTestApi(t);
  api.registry.create('configmaps', aConfigMap('a'));
  const { body } = await api.call(paths.configMaps);
  assert.equal(body['kind'], 'ConfigMapList');
  assert.equal(
    (body['metadata'] as { resourceVersion: string }).resourceVersion,
    api.registry.resourceVersion,
  );
  assert.ok((body['items'] as object[]).every((item) => !('kind' in item)));
});

test('a version of the future cannot be listed', async (t) => {
  const api = await startTestApi(t);
  const reply = await api.call(`${paths.configMaps}?resourceVersion=999`);
  assert.deepEqual([reply.code, reply.body['reason']], [504, 'Timeout']);
});
