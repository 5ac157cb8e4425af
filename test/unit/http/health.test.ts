import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ServiceError } from '../../../src/errors.ts';
import { createMetricsServer } from '../../../src/http/create-http-server.ts';
import { createRefusals } from '../../../src/http/refusals.ts';
import type { HealthCheck } from '../../../src/http/routes/health.ts';
import { createLogger } from '../../../src/log.ts';
import { createMetrics } from '../../../src/metrics.ts';
import { ask, patient, provisionBody, startHttp, token } from './start-http.ts';

const refused = 'connect ECONNREFUSED 10.96.0.1:6443';

const broken: Record<string, HealthCheck> = {
  cluster: () => Promise.reject(new ServiceError('cluster-unavailable', refused)),
  store: () => new Promise(() => undefined),
  leader: () =>
    Promise.resolve({ shown: { leader: 'this replica' }, inside: { identity: 'pod-one.example.org' } }),
};

/** A component gets half of it: the other half is there to answer on a busy machine. */
const deadlineMillis = 2000;

test('a broken API server or store shows in health and not in readiness', async (t) => {
  const { port } = await startHttp(t, { components: broken, http: { answerDeadlineMillis: deadlineMillis } });
  assert.equal((await ask(port, '/health/live')).status, 200);
  assert.equal((await ask(port, '/health/ready')).status, 200);
  const reply = await ask(port, '/health');
  assert.equal(reply.status, 200);
  assert.deepEqual(JSON.parse(reply.body), {
    status: 'degraded',
    ready: true,
    components: {
      cluster: { status: 'broken', code: 'cluster-unavailable', problem: refused },
      store: { status: 'broken', code: 'deadline-exceeded', problem: 'no answer within 1000 ms' },
      leader: { status: 'ok', leader: 'this replica', identity: 'pod-one.example.org' },
    },
  });
});

test('a service whose components are in order is ok', async (t) => {
  const { port } = await startHttp(t, { components: { store: () => Promise.resolve(undefined) } });
  assert.deepEqual(JSON.parse((await ask(port, '/health')).body), {
    status: 'ok',
    ready: true,
    components: { store: { status: 'ok' } },
  });
});

test('a component that finds itself out of order makes the service degraded', async (t) => {
  const components = { flows: () => Promise.resolve({ broken: true, shown: { open: 3 } }) };
  const { port } = await startHttp(t, { components });
  assert.deepEqual(JSON.parse((await ask(port, '/health')).body), {
    status: 'degraded',
    ready: true,
    components: { flows: { status: 'broken', open: 3 } },
  });
});

const strangers = [
  { name: 'without http.unauthenticated', http: { unauthenticated: 'off' as const }, headers: {} },
  { name: 'through a proxy', http: {}, headers: { 'x-forwarded-for': '192.0.2.7' } },
  { name: 'by another name of this host', http: {}, headers: { host: 'jobs.example.org' } },
  {
    name: 'through a proxy where everybody may start jobs',
    http: { unauthenticated: 'on' as const },
    headers: { 'x-forwarded-for': '192.0.2.7' },
  },
];

for (const { name, http, headers } of strangers) {
  test(`a stranger (${name}) sees what is broken, and no address or name of a host`, async (t) => {
    const options = { components: broken, http: { answerDeadlineMillis: deadlineMillis, ...http } };
    const { port } = await startHttp(t, options);
    const { body } = await ask(port, '/health', { headers });
    assert.deepEqual((JSON.parse(body) as { components: unknown }).components, {
      cluster: {
        status: 'broken',
        code: 'cluster-unavailable',
        problem: 'the API server does not answer, or refuses it for now',
      },
      store: { status: 'broken', code: 'deadline-exceeded', problem: 'no answer in time' },
      leader: { status: 'ok', leader: 'this replica' },
    });
  });
}

async function startMonitoring(t: TestContext, refusals = createRefusals(() => new Date())): Promise<number> {
  const server = createMetricsServer({
    config: {
      http: { ...patient, unauthenticated: 'off', metricsPort: 0, answerDeadlineMillis: deadlineMillis },
    },
    log: createLogger('silent'),
    metrics: createMetrics({ processMetrics: false }),
    components: broken,
    ready: () => false,
    refusals,
  });
  assert.ok(server !== undefined);
  t.after(() => server.close());
  return (await server.listen()).port;
}

test('the metrics port shows all to every client, and whether the service itself is ready', async (t) => {
  const port = await startMonitoring(t);
  const { body } = await ask(port, '/health', { headers: { host: '10.0.0.7:9090' } });
  const { ready, components } = JSON.parse(body) as { ready: boolean; components: Record<string, object> };
  assert.equal(ready, false);
  assert.deepEqual(components['cluster'], {
    status: 'broken',
    code: 'cluster-unavailable',
    problem: refused,
  });
});

test('refused requests are shown, by connector, to people inside and to nobody else', async (t) => {
  const refusals = createRefusals(() => new Date('2026-01-01T00:00:00Z'));
  const { port } = await startHttp(t, { refusals });
  const monitoring = await startMonitoring(t, refusals);
  const body = provisionBody({ callbackAddress: 'http://127.0.0.1/management/callback' });
  await ask(port, `/connectors/edc/${token}/provision`, { body });
  await ask(port, '/connectors/narrow/wrong/provision', { body });
  const told = {
    edc: [
      {
        time: '2026-01-01T00:00:00.000Z',
        count: 1,
        status: 400,
        code: 'invalid-request',
        field: 'callbackAddress',
        detail:
          'callbackAddress: expected an address below http://edc.example.org/management/callback, in plain spelling, received http://127.0.0.1/management/callback',
        path: '/connectors/edc/:token/provision',
      },
    ],
    narrow: [
      {
        time: '2026-01-01T00:00:00.000Z',
        count: 1,
        status: 404,
        code: 'unknown-connector',
        detail: 'no such connector, or not its token',
        path: '/connectors/narrow/:token/provision',
      },
    ],
  };
  async function shownTo(where: number, headers: Record<string, string>): Promise<unknown> {
    const reply = await ask(where, '/health', { headers });
    return (JSON.parse(reply.body) as { refusals?: unknown }).refusals;
  }
  assert.deepEqual(await shownTo(port, {}), told);
  assert.deepEqual(await shownTo(monitoring, {}), told);
  assert.equal(await shownTo(port, { 'x-forwarded-for': '192.0.2.7' }), undefined);
});
