import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ControlPlane } from '../src/control-plane.ts';

const valid = { messageId: 'm', dataFlowId: 'f', state: 'STARTED' };

async function startControlPlane(
  t: TestContext,
): Promise<{ controlPlane: ControlPlane; post: (path: string, body: unknown) => Promise<Response> }> {
  const controlPlane = await ControlPlane.start(0, '127.0.0.1');
  t.after(() => controlPlane.close());
  const origin = `http://127.0.0.1:${controlPlane.port}`;
  return {
    controlPlane,
    post: async (path, body) => await fetch(origin + path, { method: 'POST', body: JSON.stringify(body) }),
  };
}

test('a callback that no test expects is answered as by the public kit', async (t) => {
  const { post } = await startControlPlane(t);
  const response = await post('/transfers/p/dataflow/started', valid);
  assert.equal(response.status, 404);
  assert.match(await response.text(), /^No handler registered/);
});

test('an expected callback is taken once', async (t) => {
  const { controlPlane, post } = await startControlPlane(t);
  const expected = controlPlane.expect('p', 'started');
  assert.equal((await post('/transfers/p/dataflow/started', valid)).status, 200);
  assert.deepEqual(expected.body, valid);
  assert.equal((await post('/transfers/p/dataflow/started', valid)).status, 404);
});

test('an expected callback with an invalid body is answered with 400, and expected on', async (t) => {
  const { controlPlane, post } = await startControlPlane(t);
  const expected = controlPlane.expect('p', 'started');
  const response = await post('/transfers/p/dataflow/started', { ...valid, error: null });
  assert.equal(response.status, 400);
  assert.match(await response.text(), /error: expected a string/);
  assert.match(expected.fault ?? '', /error/);
  assert.equal((await post('/transfers/p/dataflow/started', valid)).status, 200);
});

test('a callback of another transfer, of another kind, or after its test, is not taken', async (t) => {
  const { controlPlane, post } = await startControlPlane(t);
  controlPlane.expect('p', 'started');
  for (const path of [
    '/transfers/q/dataflow/started',
    '/transfers/p/dataflow/prepared',
    '/p/dataflow/started',
  ])
    assert.equal((await post(path, valid)).status, 404, path);
  controlPlane.forget('p');
  assert.equal((await post('/transfers/p/dataflow/started', valid)).status, 404);
});

test('a body without an end is cut off', async (t) => {
  const { controlPlane, post } = await startControlPlane(t);
  controlPlane.expect('p', 'started');
  await assert.rejects(post('/transfers/p/dataflow/started', { ...valid, more: 'x'.repeat(2_000_000) }));
});
