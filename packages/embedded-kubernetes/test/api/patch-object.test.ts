import assert from 'node:assert/strict';
import test from 'node:test';

import { aConfigMap, aJob, keyOf } from '../registry/sample-objects.ts';
import { paths, startTestApi } from './test-api.ts';

const jsonPatch = 'application/json-patch+json';
const mergePatch = 'application/merge-patch+json';
const strategic = 'application/strategic-merge-patch+json';

const dataPatches: { name: string; type: string; body: unknown; code: number; data?: unknown }[] = [
  {
    name: 'a merge patch',
    type: mergePatch,
    body: { data: { a: null, c: 'd' } },
    code: 200,
    data: { c: 'd' },
  },
  {
    name: 'a JSON patch',
    type: jsonPatch,
    body: [{ op: 'add', path: '/data/c', value: 'd' }],
    code: 415,
    data: { a: 'b' },
  },
  { name: 'a merge patch as list', type: mergePatch, body: [], code: 400, data: { a: 'b' } },
];
for (const { name, type, body, code, data } of dataPatches) {
  test(`${name} is answered with ${code} and has its effect or none`, async (t) => {
    const api = await startTestApi(t);
    api.registry.create('configmaps', aConfigMap('a'));
    const reply = await api.call(`${paths.configMaps}/a`, {
      method: 'PATCH',
      body,
      headers: { 'content-type': type },
    });
    assert.equal(reply.code, code, reply.text);
    const expected = data ?? (code === 200 ? {} : { a: 'b' });
    assert.deepEqual(api.registry.get(keyOf('configmaps', 'a'))?.['data'] ?? {}, expected);
  });
}

test('the refusal of a JSON patch says what to use', async (t) => {
  const api = await startTestApi(t);
  api.registry.create('configmaps', aConfigMap('a'));
  const headers = { 'content-type': jsonPatch };
  const reply = await api.call(`${paths.configMaps}/a`, { method: 'PATCH', body: [], headers });
  assert.match(reply.text, /JSON patches are not supported by this cluster, use --type merge/);
});

test('a patch conflicts only if it names a version, and then on a stale one', async (t) => {
  const api = await startTestApi(t);
  const { metadata } = api.registry.create('configmaps', aConfigMap('a'));
  const headers = { 'content-type': mergePatch };
  const { resourceVersion } = metadata;
  const first = { metadata: { resourceVersion }, data: { a: '1' } };
  assert.equal(
    (await api.call(`${paths.configMaps}/a`, { method: 'PATCH', body: first, headers })).code,
    200,
  );
  assert.equal(
    (await api.call(`${paths.configMaps}/a`, { method: 'PATCH', body: first, headers })).code,
    409,
  );
  assert.equal(
    (await api.call(`${paths.configMaps}/a`, { method: 'PATCH', body: { data: { a: '2' } }, headers })).code,
    200,
  );
});

test('a patch of /status changes the status alone', async (t) => {
  const api = await startTestApi(t);
  api.registry.create('jobs', aJob('a'));
  const body = { spec: { suspend: true }, status: { active: 1 } };
  const headers = { 'content-type': mergePatch };
  assert.equal((await api.call(`${paths.jobs}/a/status`, { method: 'PATCH', body, headers })).code, 200);
  const job = api.registry.get(keyOf('jobs', 'a'));
  assert.deepEqual(job?.['status'], { active: 1 });
  assert.equal((job['spec'] as { suspend: boolean }).suspend, false);
});

const strategicPatches: { name: string; body: object; code: number; message?: RegExp }[] = [
  { name: 'plain members', body: { spec: { suspend: true }, metadata: { labels: { a: 'b' } } }, code: 200 },
  { name: 'a member that goes', body: { metadata: { finalizers: null } }, code: 200 },
  {
    name: 'a list of objects',
    body: { spec: { template: { spec: { containers: [{ name: 'worker', image: 'new' }] } } } },
    code: 422,
    message: /^spec\.template\.spec\.containers of a strategic merge patch .* use --type merge/,
  },
  {
    name: 'a list that Kubernetes adds to',
    body: { metadata: { finalizers: ['example.org/b'] } },
    code: 422,
    message: /^metadata\.finalizers of/,
  },
  { name: 'a directive', body: { spec: { $patch: 'replace' } }, code: 422, message: /^spec\.\$patch of/ },
  {
    name: 'an order of elements',
    body: { '$setElementOrder/containers': [] },
    code: 422,
    message: /^\$setElementOrder/,
  },
];
for (const { name, body, code, message = /^$/ } of strategicPatches) {
  test(`a strategic patch of ${name} is answered with ${code} and has its effect or none`, async (t) => {
    const api = await startTestApi(t);
    const job = aJob('a');
    const metadata = { name: 'a', namespace: 'default', finalizers: ['example.org/a'] };
    const before = api.registry.create('jobs', { ...job, metadata });
    const reply = await api.call(`${paths.jobs}/a`, {
      ...{ method: 'PATCH', body, headers: { 'content-type': strategic } },
    });
    assert.equal(reply.code, code, reply.text);
    const after = api.registry.get(keyOf('jobs', 'a'));
    assert.equal(after?.metadata.resourceVersion === before.metadata.resourceVersion, code !== 200);
    if (code !== 200) assert.match(String(reply.body['message']), message);
  });
}
