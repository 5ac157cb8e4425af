import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetricsServer } from '../../../src/http/create-http-server.ts';
import { createRefusals } from '../../../src/http/refusals.ts';
import { createLogger } from '../../../src/log.ts';
import { createMetrics } from '../../../src/metrics.ts';
import { ask, patient, startHttp } from './start-http.ts';

const parts = {
  log: createLogger('silent'),
  metrics: createMetrics({ processMetrics: false }),
  components: {},
  ready: () => true,
  refusals: createRefusals(() => new Date()),
};

test('metrics are beside everything else unless they have a port of their own', async (t) => {
  const { port } = await startHttp(t);
  assert.equal((await ask(port, '/metrics')).status, 200);
  assert.equal(createMetricsServer({ config: { http: patient }, ...parts }), undefined);
});

test('on a port of their own metrics are beside health, and nowhere else', async (t) => {
  const http = { metricsPort: 0 };
  const { port } = await startHttp(t, { http });
  assert.equal((await ask(port, '/metrics')).status, 404);
  for (const path of ['/', '/openapi.json']) assert.doesNotMatch((await ask(port, path)).body, /\/metrics/);

  const server = createMetricsServer({ config: { http: { ...patient, ...http } }, ...parts });
  assert.ok(server !== undefined);
  t.after(() => server.close());
  const own = await server.listen();
  assert.match((await ask(own.port, '/metrics')).body, /edc_jp_queue_flows/);
  for (const path of ['/', '/health/live', '/openapi.json'])
    assert.equal((await ask(own.port, path)).status, 404);
});
