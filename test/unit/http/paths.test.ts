import assert from 'node:assert/strict';
import { test } from 'node:test';
import { demoRoutes } from '../../../src/http/routes/demo/demo.ts';
import { resultRoutes } from '../../../src/http/routes/results.ts';
import { route, serviceOperation } from '../../../src/http/routes/service.ts';
import { createMetrics } from '../../../src/metrics.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { ask, problemIn, startHttp, token } from './start-http.ts';

test('the root says what this is and where to go on', async (t) => {
  const { port } = await startHttp(t);
  const reply = JSON.parse((await ask(port, '/')).body) as {
    name: string;
    version: string;
    dialects: string[];
    links: Record<string, string>;
  };
  assert.equal(reply.version, '1.2.3');
  assert.deepEqual(reply.dialects, ['control-plane', 'data-plane', 'signaling']);
  for (const link of Object.values(reply.links)) assert.equal((await ask(port, link)).status, 200, link);
});

test('another method is answered with those that are served', async (t) => {
  const { port } = await startHttp(t);
  const reply = await ask(port, `/connectors/edc/${token}/provision`);
  assert.equal(reply.status, 405);
  assert.equal(reply.headers.allow, 'POST');
  assert.equal(problemIn(reply).status, 405);
  assert.equal((await ask(port, '/health', { method: 'DELETE' })).headers.allow, 'GET, HEAD');
});

test('every method that Allow lists is served, and no other', async (t) => {
  const nothing = {} as never;
  const routes = [...resultRoutes(nothing), ...demoRoutes(nothing)];
  const { port } = await startHttp(t, { routes });
  const document = JSON.parse((await ask(port, '/openapi.json')).body) as { paths: Record<string, object> };
  for (const pattern of Object.keys(document.paths)) {
    const path = pattern.replaceAll(/[{}]/g, '');
    const { headers } = await ask(port, path, { method: 'PATCH' });
    const allowed = String(headers.allow).split(', ');
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const { status } = await ask(port, path, { method });
      assert.equal(status === 405, !allowed.includes(method), `${method} ${path}: ${status}`);
    }
  }
});

test('a path with a route of its own is none of those that a pattern covers', async (t) => {
  const operation = serviceOperation('thing', 'A thing', { description: 'It' });
  const thing = route('/things/:thing', operation, (ctx) => {
    ctx.body = ctx.params['thing'];
  });
  const routes = [{ ...thing, path: '/things/new', method: 'POST' as const }, thing];
  const { port } = await startHttp(t, { routes });
  for (const method of ['GET', 'HEAD', 'PATCH', 'OPTIONS']) {
    const { status, headers } = await ask(port, '/things/new', { method });
    assert.deepEqual([status, headers.allow], [405, 'POST'], method);
  }
  assert.equal((await ask(port, '/things/old')).body, 'old');
});

test('HEAD is answered where GET is', async (t) => {
  const { port } = await startHttp(t);
  const reply = await ask(port, '/health/live', { method: 'HEAD' });
  assert.equal(reply.status, 200);
  assert.equal(reply.body, '');
});

for (const path of ['/nowhere', '/connectors', '/health/', '//', '/connectors/edc//provision', '/%zz']) {
  test(`nothing is served under ${path}, and a problem says so`, async (t) => {
    const { port } = await startHttp(t);
    const reply = await ask(port, path);
    assert.equal(reply.status, 404);
    assert.match(String(reply.headers['content-type']), /^application\/problem\+json/);
  });
}

test('metrics count by route, and show no token', async (t) => {
  const metrics = createMetrics({ processMetrics: false });
  const { port } = await startHttp(t, { metrics });
  await ask(port, `/connectors/edc/${token}/provision`, { body: {} });
  await ask(port, `/random/${token}`);
  const scraped = await waitUntil('both requests are counted', async () => {
    const { body } = await ask(port, '/metrics');
    return (
      /route="none"/.test(body) && /route="\/connectors\/:connector\/:token\/provision"/.test(body) && body
    );
  });
  assert.ok(!scraped.includes(token));
  assert.match(scraped, /^http_requests_total\{method="GET",route="none",status="404"\} 1$/m);
  assert.match(scraped, /^http_request_duration_seconds_count\{method="GET",route="none"\} 1$/m);
});
