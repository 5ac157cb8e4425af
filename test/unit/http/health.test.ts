import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../../src/errors.ts';
import { ask, startHttp } from './start-http.ts';

const broken = {
  cluster: () => Promise.reject(new ServiceError('cluster-unavailable', 'connect ECONNREFUSED')),
  store: () => new Promise(() => undefined),
  leader: () => Promise.resolve({ identity: 'one', leading: true }),
};

test('a broken API server or store shows in health and not in readiness', async (t) => {
  const { port } = await startHttp(t, { components: broken, http: { answerDeadlineMillis: 200 } });
  assert.equal((await ask(port, '/health/live')).status, 200);
  assert.equal((await ask(port, '/health/ready')).status, 200);
  const reply = await ask(port, '/health');
  assert.equal(reply.status, 200);
  assert.deepEqual(JSON.parse(reply.body), {
    status: 'degraded',
    ready: true,
    components: {
      cluster: { status: 'broken', code: 'cluster-unavailable', problem: 'connect ECONNREFUSED' },
      store: { status: 'broken', problem: 'no answer within 100 ms' },
      leader: { status: 'ok', detail: { identity: 'one', leading: true } },
    },
  });
});

test('a service whose components are in order is ok', async (t) => {
  const { port } = await startHttp(t, { components: { store: () => Promise.resolve() } });
  assert.deepEqual(JSON.parse((await ask(port, '/health')).body), {
    status: 'ok',
    ready: true,
    components: { store: { status: 'ok' } },
  });
});
