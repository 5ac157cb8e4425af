import assert from 'node:assert/strict';
import test from 'node:test';

import { aConfigMap, aJob, aPod, keyOf, ownedBy } from '../registry/sample-objects.ts';
import { paths, startTestApi } from './test-api.ts';

test('an object is created, read, replaced and deleted', async (t) => {
  const api = await startTestApi(t);
  const created = await api.call(paths.configMaps, { method: 'POST', body: aConfigMap('a') });
  assert.equal(created.code, 201);
  const read = await api.call(`${paths.configMaps}/a`);
  assert.deepEqual(read.body, created.body);
  const replaced = await api.call(`${paths.configMaps}/a`, {
    method: 'PUT',
    body: { ...read.body, data: { a: 'new' } },
  });
  assert.equal(replaced.code, 200);
  assert.deepEqual(api.registry.get(keyOf('configmaps', 'a'))?.['data'], { a: 'new' });
  const stale = await api.call(`${paths.configMaps}/a`, { method: 'PUT', body: { ...read.body, data: {} } });
  assert.deepEqual([stale.code, stale.body['reason']], [409, 'Conflict']);
  const deleted = await api.call(`${paths.configMaps}/a`, { method: 'DELETE' });
  assert.deepEqual([deleted.code, deleted.body['status']], [200, 'Success']);
  const gone = await api.call(`${paths.configMaps}/a`);
  assert.deepEqual([gone.code, gone.body['message']], [404, 'configmaps "a" not found']);
});

test('a Job deleted without a propagation policy leaves its pods, as batch/v1 does, and warns', async (t) => {
  const api = await startTestApi(t);
  const job = api.registry.create('jobs', aJob('a'));
  api.registry.create('pods', aPod('p', { metadata: { ownerReferences: ownedBy(job) } }));
  const reply = await api.call(`${paths.jobs}/a`, { method: 'DELETE' });
  assert.match(String(reply.headers['warning']), /child pods are preserved by default/);
  assert.ok(api.registry.get(keyOf('pods', 'p')));
});

test('the options of a deletion may be in its body', async (t) => {
  const api = await startTestApi(t);
  const job = api.registry.create('jobs', aJob('a'));
  api.registry.create('pods', aPod('p', { metadata: { ownerReferences: ownedBy(job) } }));
  const preconditions = { uid: job.metadata.uid };
  const body = { propagationPolicy: 'Background', preconditions };
  const other = { ...body, preconditions: { uid: 'other' } };
  assert.equal((await api.call(`${paths.jobs}/a`, { method: 'DELETE', body: other })).code, 409);
  assert.equal(
    (await api.call(`${paths.jobs}/a`, { method: 'DELETE', body: { ...body, dryRun: ['All'] } })).code,
    200,
  );
  assert.ok(api.registry.get(keyOf('jobs', 'a')));
  assert.equal((await api.call(`${paths.jobs}/a`, { method: 'DELETE', body })).code, 200);
  assert.equal(api.registry.get(keyOf('pods', 'p')), undefined);
});

test('deletions of a collection and by the policy Foreground are refused with the reason', async (t) => {
  const api = await startTestApi(t);
  api.registry.create('jobs', aJob('a'));
  const collection = await api.call(paths.jobs, { method: 'DELETE' });
  assert.equal(collection.code, 405);
  assert.match(String(collection.body['message']), /delete the objects one by one/);
  const foreground = { method: 'DELETE', body: { propagationPolicy: 'Foreground' } };
  const reply = await api.call(`${paths.jobs}/a`, foreground);
  assert.equal(reply.code, 422);
  assert.match(String(reply.body['message']), /propagationPolicy: Forbidden: .* use Background/);
  assert.ok(api.registry.get(keyOf('jobs', 'a')));
});

test('an eviction deletes the pod and says so on it', async (t) => {
  const api = await startTestApi(t);
  api.registry.create('pods', aPod('p', { spec: { nodeName: 'node' } }));
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'p' } };
  const reply = await api.call(`${paths.pods}/p/eviction`, { method: 'POST', body });
  assert.equal(reply.code, 201);
  const pod = api.registry.get(keyOf('pods', 'p'));
  assert.ok(pod?.metadata.deletionTimestamp);
  const { conditions } = pod['status'] as { conditions: { type: string; reason: string }[] };
  assert.deepEqual(
    conditions.map(({ type, reason }) => [type, reason]),
    [['DisruptionTarget', 'EvictionByEvictionAPI']],
  );
});

test('a Lease that is absent is created by a PUT', async (t) => {
  const api = await startTestApi(t);
  const path = '/apis/coordination.k8s.io/v1/namespaces/default/leases/a';
  const body = { metadata: { name: 'a' }, spec: { holderIdentity: 'x' } };
  assert.equal((await api.call(path, { method: 'PUT', body })).code, 201);
  assert.equal(
    (await api.call('/api/v1/namespaces/default/configmaps/a', { method: 'PUT', body: {} })).code,
    404,
  );
});

test('a wrong type is 400 with the path of the member', async (t) => {
  const api = await startTestApi(t);
  const job = aJob('a', {
    template: {
      spec: {
        restartPolicy: 'Never',
        containers: [{ name: 'w', image: 'x', env: [{ name: 'A', value: 1 }] }],
      },
    },
  });
  const reply = await api.call(paths.jobs, { method: 'POST', body: job });
  assert.equal(reply.code, 400);
  assert.match(
    String(reply.body['message']),
    /number.*spec\.template\.spec\.containers\.env\.value of type string/,
  );
});

test('a member it does not know is dropped with a warning, or refused on Strict', async (t) => {
  const api = await startTestApi(t);
  const body = aJob('a', { backofLimit: 1 });
  const strict = await api.call(`${paths.jobs}?fieldValidation=Strict`, { method: 'POST', body });
  assert.equal(strict.code, 400);
  assert.match(String(strict.body['message']), /strict decoding error: unknown field "spec.backofLimit"/);
  const warned = await api.call(paths.jobs, { method: 'POST', body });
  assert.equal(warned.code, 201);
  assert.equal(warned.headers['warning'], '299 - "unknown field \\"spec.backofLimit\\""');
  assert.ok(!('backofLimit' in (warned.body['spec'] as object)));
});

test('a number for a quantity is kept as the string a real server shows', async (t) => {
  const api = await startTestApi(t);
  const containers = [{ name: 'w', image: 'x', resources: { limits: { cpu: 2 } } }];
  await api.call(paths.pods, { method: 'POST', body: aPod('a', { spec: { containers } }) });
  const spec = api.registry.get(keyOf('pods', 'a'))?.['spec'] as { containers: { resources: unknown }[] };
  assert.deepEqual(spec.containers[0]?.resources, { limits: { cpu: '2' }, requests: { cpu: '2' } });
});

test('dryRun=All validates and stores nothing', async (t) => {
  const api = await startTestApi(t);
  const good = await api.call(`${paths.jobs}?dryRun=All`, { method: 'POST', body: aJob('a') });
  assert.equal(good.code, 201);
  const bad = await api.call(`${paths.jobs}?dryRun=All`, {
    method: 'POST',
    body: aJob('a', { completionMode: 'Indexed' }),
  });
  assert.equal(bad.code, 422);
  assert.deepEqual(api.registry.list('jobs').items, []);
});
