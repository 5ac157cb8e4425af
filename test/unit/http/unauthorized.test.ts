import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../../src/errors.ts';
import { ask, serveRoutes } from './routes/serve-routes.ts';

test('an answer of 401 names the scheme, and says what was expected', async (t) => {
  const port = await serveRoutes(t, [
    {
      method: 'GET',
      path: '/guarded',
      access: 'everybody',
      deadline: 'bounded',
      operation: { operationId: 'guarded', tag: 'service', summary: '', parameters: {}, responses: {} },
      handle() {
        throw new ServiceError('unauthorized', 'Authorization: exp: expected a time', {
          field: 'Authorization',
        });
      },
    },
  ]);
  const { status, headers, body } = await ask({ port, path: '/guarded' });
  assert.equal(status, 401);
  assert.equal(headers['www-authenticate'], 'Bearer');
  assert.deepEqual(JSON.parse(body.toString()), {
    type: 'urn:edc-job-provisioner:problem:unauthorized',
    title: 'Unauthorized',
    status: 401,
    detail: 'Authorization: exp: expected a time',
    field: 'Authorization',
  });
});
