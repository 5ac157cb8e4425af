import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import test from 'node:test';
import { connect } from 'node:tls';

import { paths, startTestApi } from './test-api.ts';

const strangers: { name: string; headers: Record<string, string> }[] = [
  { name: 'no token', headers: { authorization: '' } },
  { name: 'a wrong token', headers: { authorization: 'Bearer guess' } },
  { name: 'basic authentication', headers: { authorization: 'Basic YTpi' } },
];
for (const { name, headers } of strangers) {
  test(`answers a request with ${name} with 401 and discloses nothing`, async (t) => {
    const api = await startTestApi(t);
    for (const path of [paths.pods, '/version', '/apis', '/nowhere']) {
      const reply = await api.call(path, { headers });
      assert.equal(reply.code, 401);
      assert.deepEqual(Object.keys(reply.body).sort(), [
        'apiVersion',
        'code',
        'kind',
        'message',
        'metadata',
        'reason',
        'status',
      ]);
    }
  });
}

test('answers only under its own address, so that no web page can reach it by a name of its own', async (t) => {
  const api = await startTestApi(t);
  const reply = await api.call(paths.pods, { headers: { host: 'attacker.example' } });
  assert.equal(reply.code, 421);
  const health = await api.call('/readyz', { headers: { host: 'attacker.example' } });
  assert.equal(health.code, 421);
});

test('answers under localhost too, which its certificate names', async (t) => {
  const api = await startTestApi(t);
  const { port } = new URL(api.url);
  assert.equal((await api.call(paths.pods, { headers: { host: `localhost:${port}` } })).code, 200);
  assert.equal((await api.call(paths.pods, { headers: { host: 'localhost:1' } })).code, 421);
});

test('is alive without a token', async (t) => {
  const api = await startTestApi(t);
  for (const path of ['/readyz', '/livez', '/healthz']) {
    const reply = await api.call(path, { headers: { authorization: '' } });
    assert.deepEqual([reply.code, reply.text], [200, 'ok']);
  }
});

test('its certificate is for 127.0.0.1 and is its own authority', async (t) => {
  const api = await startTestApi(t);
  const socket = connect({
    port: Number(new URL(api.url).port),
    host: '127.0.0.1',
    ca: api.certificateAuthority,
  });
  socket.end('GET /readyz HTTP/1.0\r\n\r\n');
  await text(socket);
  assert.equal(socket.authorized, true);
});

const refusals: {
  name: string;
  path: string;
  method: string;
  body?: unknown;
  headers?: Record<string, string>;
  code: number;
  reason: string;
}[] = [
  {
    name: 'a kind it does not serve',
    path: '/apis/apps/v1/deployments',
    method: 'GET',
    code: 404,
    reason: 'NotFound',
  },
  {
    name: 'a subresource it does not serve',
    path: `${paths.pods}/a/exec`,
    method: 'POST',
    code: 404,
    reason: 'NotFound',
  },
  {
    name: 'a method it does not know',
    path: paths.pods,
    method: 'OPTIONS',
    code: 405,
    reason: 'MethodNotAllowed',
  },
  {
    name: 'a POST to an object',
    path: `${paths.pods}/a`,
    method: 'POST',
    body: {},
    code: 405,
    reason: 'MethodNotAllowed',
  },
  {
    name: 'a POST outside of a namespace',
    path: '/api/v1/pods',
    method: 'POST',
    body: {},
    code: 405,
    reason: 'MethodNotAllowed',
  },
  {
    name: 'YAML',
    path: paths.pods,
    method: 'POST',
    body: 'a: b',
    headers: { 'content-type': 'application/yaml' },
    code: 415,
    reason: 'UnsupportedMediaType',
  },
  { name: 'what is not JSON', path: paths.pods, method: 'POST', body: '{', code: 400, reason: 'BadRequest' },
  {
    name: 'a body above 3 MiB',
    path: paths.pods,
    method: 'POST',
    body: `"${'x'.repeat(3 * 1024 * 1024)}"`,
    code: 413,
    reason: 'RequestEntityTooLarge',
  },
  {
    name: 'a client that reads only protobuf',
    path: paths.pods,
    method: 'GET',
    headers: { accept: 'application/vnd.kubernetes.protobuf' },
    code: 406,
    reason: 'NotAcceptable',
  },
  {
    name: 'server-side apply',
    path: `${paths.pods}/a`,
    method: 'PATCH',
    body: '{}',
    headers: { 'content-type': 'application/apply-patch+yaml' },
    code: 415,
    reason: 'UnsupportedMediaType',
  },
  {
    name: 'a dry run of an unknown sort',
    path: `${paths.pods}?dryRun=Some`,
    method: 'POST',
    body: {},
    code: 422,
    reason: 'Invalid',
  },
  {
    name: 'a field selector it has no index for',
    path: `${paths.pods}?fieldSelector=spec.hostNetwork=true`,
    method: 'GET',
    code: 400,
    reason: 'BadRequest',
  },
  {
    name: 'a label selector it cannot read',
    path: `${paths.pods}?labelSelector=a%20b`,
    method: 'GET',
    code: 400,
    reason: 'BadRequest',
  },
  {
    name: 'streaming lists',
    path: `${paths.pods}?watch=1&sendInitialEvents=true`,
    method: 'GET',
    code: 422,
    reason: 'Invalid',
  },
  {
    name: 'an object of another kind',
    path: paths.pods,
    method: 'POST',
    body: { apiVersion: 'v1', kind: 'Secret' },
    code: 400,
    reason: 'BadRequest',
  },
  {
    name: 'an object of another namespace',
    path: paths.pods,
    method: 'POST',
    body: { metadata: { name: 'a', namespace: 'other' } },
    code: 400,
    reason: 'BadRequest',
  },
];
for (const { name, path, method, body, headers, code, reason } of refusals) {
  test(`refuses ${name} with ${code} ${reason}`, async (t) => {
    const api = await startTestApi(t);
    const reply = await api.call(path, { method, body, ...(headers ? { headers } : {}) });
    assert.equal(reply.code, code);
    const { kind, status, reason: given, code: inside } = reply.body;
    assert.deepEqual(
      { kind, status, given, inside },
      { kind: 'Status', status: 'Failure', given: reason, inside: code },
    );
  });
}
