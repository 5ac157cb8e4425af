import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import test from 'node:test';

import { aConfigMap, aJob, keyOf } from '../registry/sample-objects.ts';
import { type Call, paths, startTestApi } from './test-api.ts';

const accounts = '/api/v1/namespaces/default/serviceaccounts';
const user = 'system:serviceaccount:default:default';
const start = Date.parse('2026-01-01T00:00:00Z');

/** An API whose default account may do what the rules say, a Secret that its tokens are bound to, and a clock. */
async function withAccount(t: TestContext, rules: object[] = []) {
  const clock = { now: start };
  const api = await startTestApi(t, { now: () => new Date(clock.now) });
  const { registry } = api;
  registry.create('roles', { metadata: { name: 'role', namespace: 'default' }, rules });
  registry.create('rolebindings', {
    metadata: { name: 'binding', namespace: 'default' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'role' },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'default' }],
  });
  const { uid } = registry.create('secrets', { metadata: { name: 'bound', namespace: 'default' } }).metadata;
  const boundObjectRef = { apiVersion: 'v1', kind: 'Secret', name: 'bound', uid };
  const reply = await api.call(`${accounts}/default/token`, {
    method: 'POST',
    body: { spec: { boundObjectRef, expirationSeconds: 3600 } },
  });
  assert.equal(reply.code, 201);
  const { token, expirationTimestamp } = reply.body['status'] as Record<string, string>;
  return {
    ...{ api, clock, boundObjectRef, token, expirationTimestamp },
    asAccount: (path: string, call: Call = {}) =>
      api.call(path, { ...call, headers: { authorization: `Bearer ${token ?? ''}` } }),
    isAuthenticated: async () => {
      const review = await api.call('/apis/authentication.k8s.io/v1/tokenreviews', {
        method: 'POST',
        body: { spec: { token } },
      });
      return (review.body['status'] as { authenticated?: boolean }).authenticated === true;
    },
  };
}

test('a token says when it ends, and then it ends', async (t) => {
  const { clock, expirationTimestamp, asAccount, isAuthenticated } = await withAccount(t);
  assert.equal(expirationTimestamp, '2026-01-01T01:00:00Z');
  assert.equal((await asAccount('/version')).code, 200);
  assert.equal(await isAuthenticated(), true);
  clock.now += 3_600_000;
  assert.equal((await asAccount('/version')).code, 401);
  assert.equal(await isAuthenticated(), false);
});

for (const resource of ['secrets', 'serviceaccounts']) {
  test(`a token ends with the object in ${resource} that it names, even if another of that name comes`, async (t) => {
    const { api, asAccount } = await withAccount(t);
    const name = resource === 'secrets' ? 'bound' : 'default';
    api.registry.delete(keyOf(resource, name));
    assert.equal((await asAccount('/version')).code, 401);
    api.registry.create(resource, { metadata: { name, namespace: 'default' } });
    assert.equal((await asAccount('/version')).code, 401);
  });
}

test('a token whose claims were changed is refused', async (t) => {
  const { api, token = '' } = await withAccount(t);
  const [header = '', claims = '', signature = ''] = token.split('.');
  const changed = Buffer.from(claims, 'base64url').toString().replace(':default"', ':admin"');
  const forged = [header, Buffer.from(changed).toString('base64url'), signature].join('.');
  const reply = await api.call('/version', { headers: { authorization: `Bearer ${forged}` } });
  assert.equal(reply.code, 401);
});

test('a token is bound to the very object that is named, or not made', async (t) => {
  const { api, boundObjectRef } = await withAccount(t);
  const body = { spec: { boundObjectRef: { ...boundObjectRef, uid: 'other' } } };
  assert.equal((await api.call(`${accounts}/default/token`, { method: 'POST', body })).code, 409);
  assert.equal((await api.call(`${accounts}/nobody/token`, { method: 'POST', body })).code, 404);
});

test('an account may do what its Roles grant, and nothing else', async (t) => {
  const { api, asAccount } = await withAccount(t, [
    { apiGroups: [''], resources: ['configmaps'], verbs: ['create', 'get'] },
    { apiGroups: ['batch'], resources: ['jobs'], verbs: ['list', 'watch'], resourceNames: [] },
  ]);
  api.registry.create('jobs', aJob('a'));
  assert.equal((await asAccount(paths.configMaps, { method: 'POST', body: aConfigMap('a') })).code, 201);
  assert.equal((await asAccount(`${paths.configMaps}/a`)).code, 200);
  assert.equal((await asAccount(paths.jobs)).code, 200);
  const refused: [string, Call, string][] = [
    [paths.configMaps, {}, `configmaps is forbidden: User "${user}" cannot list resource "configmaps"`],
    [`${paths.configMaps}/a`, { method: 'DELETE' }, 'cannot delete resource "configmaps" in API group ""'],
    [`${paths.jobs}/a`, {}, 'jobs.batch "a" is forbidden'],
    [`${paths.jobs}/a/status`, { method: 'PATCH', body: {} }, 'cannot patch resource "jobs/status"'],
    [
      `${accounts}/default/token`,
      { method: 'POST', body: {} },
      'cannot create resource "serviceaccounts/token"',
    ],
    ['/api/v1/nodes', {}, 'at the cluster scope'],
  ];
  for (const [path, call, words] of refused) {
    const reply = await asAccount(path, call);
    assert.equal(reply.code, 403, path);
    assert.ok(String(reply.body['message']).includes(words), String(reply.body['message']));
  }
  assert.ok(api.registry.get(keyOf('configmaps', 'a')));
});

test('what an account may do can be asked by the administrator, not by the account', async (t) => {
  const { api, asAccount } = await withAccount(t, [
    { apiGroups: ['batch'], resources: ['*'], verbs: ['create'] },
  ]);
  const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
  async function mayDo(verb: string): Promise<unknown> {
    const resourceAttributes = { namespace: 'default', verb, group: 'batch', resource: 'jobs' };
    const reply = await api.call(path, { method: 'POST', body: { spec: { user, resourceAttributes } } });
    return reply.body['status'];
  }
  assert.deepEqual(await mayDo('create'), { allowed: true });
  assert.deepEqual(await mayDo('delete'), { allowed: false });
  assert.equal((await asAccount(path, { method: 'POST', body: { spec: {} } })).code, 404);
});

test('an account can ask what it may do itself, and the administrator may do everything', async (t) => {
  const { api, asAccount } = await withAccount(t, [
    { apiGroups: ['batch'], resources: ['jobs'], verbs: ['create'] },
  ]);
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
  function question(verb: string) {
    const resourceAttributes = { namespace: 'default', verb, group: 'batch', resource: 'jobs' };
    return { method: 'POST', body: { spec: { resourceAttributes } } };
  }
  const granted = await asAccount(path, question('create'));
  assert.equal(granted.code, 201);
  assert.deepEqual(granted.body['status'], { allowed: true });
  assert.deepEqual((await asAccount(path, question('delete'))).body['status'], { allowed: false });
  assert.deepEqual((await api.call(path, question('delete'))).body['status'], { allowed: true });
});
