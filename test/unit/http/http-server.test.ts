import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { test } from 'node:test';
import { isServiceError } from '../../../src/errors.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { memoryFlows } from './memory-flows.ts';
import { ask, provisionBody, startHttp, token } from './start-http.ts';

const path = `/connectors/edc/${token}/provision`;

test('while draining it is not ready, yet serves and never says 503 to a connector', async (t) => {
  const { server, port } = await startHttp(t, { http: { drainMillis: 3_600_000 } });
  const drained = server.drain();
  const readiness = await ask(port, '/health/ready');
  assert.equal(readiness.status, 503);
  assert.equal(readiness.headers['content-type'], 'application/problem+json');
  const reply = await ask(port, path, { body: provisionBody(), headers: { connection: 'keep-alive' } });
  assert.equal(reply.status, 200);
  assert.equal(reply.headers.connection, 'close');
  await server.close();
  await drained;
  await assert.rejects(ask(port, '/health/live'), /ECONNREFUSED/);
});

test('a drained server answers the requests under way before it ends', async (t) => {
  const asked = Promise.withResolvers<undefined>();
  const go = Promise.withResolvers<undefined>();
  const flows = memoryFlows({
    accept: async () => {
      asked.resolve(undefined);
      await go.promise;
      return { created: true };
    },
  });
  const { server, port } = await startHttp(t, { flows, http: { shutdownMillis: 3_600_000 } });
  const reply = ask(port, path, { body: provisionBody() });
  await asked.promise;
  const drained = server.drain();
  await waitUntil('the listener is closed', () =>
    ask(port, '/health/live').then(
      () => false,
      () => true,
    ),
  );
  go.resolve(undefined);
  assert.equal((await reply).status, 200);
  await drained;
});

test('a drained server does not wait without a limit', async (t) => {
  const flows = memoryFlows({ accept: () => new Promise(() => undefined) });
  const { server, port } = await startHttp(t, { flows, http: { shutdownMillis: 20 } });
  const reply = ask(port, path, { body: provisionBody() }).catch(() => 'cut off');
  await waitUntil('the server is busy', () => ask(port, '/health/live').then(() => true));
  await server.drain();
  assert.equal(await reply, 'cut off');
});

test('connections that are kept alive do not keep it from ending', async (t) => {
  const { server, port } = await startHttp(t, { http: { shutdownMillis: 3_600_000 } });
  const agent = new Agent({ keepAlive: true });
  t.after(() => {
    agent.destroy();
  });
  await new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: '/health/live', agent }, (res) =>
      res.resume().on('end', resolve),
    )
      .on('error', reject)
      .end();
  });
  await server.drain();
});

test('a port that is taken is reported as a problem of the configuration', async (t) => {
  const { port } = await startHttp(t);
  await assert.rejects(startHttp(t, { http: { port } }), (error) => isServiceError(error, 'invalid-config'));
});
