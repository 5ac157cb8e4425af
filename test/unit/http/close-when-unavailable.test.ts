import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError, type ErrorCode } from '../../../src/errors.ts';
import type { Route } from '../../../src/http/route.ts';
import { ask, startHttp } from './start-http.ts';

function failingRoute(path: string, code: ErrorCode, members: Partial<Route>): Route {
  return {
    method: 'POST',
    path,
    deadline: 'bounded',
    access: 'everybody',
    operation: { operationId: path, tag: 'connectors', summary: path, parameters: {}, responses: {} },
    handle: () => Promise.reject(new ServiceError(code, 'not now')),
    ...members,
  };
}

test('a request that cannot be served now loses its connection on a route that says so, and gets 503 on others', async (t) => {
  const { port } = await startHttp(t, {
    routes: [
      failingRoute('/closes', 'cluster-unavailable', { closesWhenUnavailable: true }),
      failingRoute('/answers', 'cluster-unavailable', {}),
    ],
  });
  await assert.rejects(ask(port, '/closes', { body: {} }), /socket hang up|ECONNRESET/);
  assert.equal((await ask(port, '/answers', { body: {} })).status, 503);
});

const answered: [ErrorCode, number][] = [
  ['invalid-request', 400],
  ['internal', 500],
];
for (const [code, status] of answered) {
  test(`a request that fails for good (${code}) is answered on such a route`, async (t) => {
    const { port } = await startHttp(t, {
      routes: [failingRoute('/closes', code, { closesWhenUnavailable: true })],
    });
    assert.equal((await ask(port, '/closes', { body: {} })).status, status);
  });
}
