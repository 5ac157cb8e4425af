import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { jobRoutes } from '../../../../src/http/routes/api/jobs/job-routes.ts';
import { jobRouteDeps } from '../job-route-deps.ts';
import { ask, noKeys, startHttp, type Reply } from '../start-http.ts';

const origin = 'https://pages.example.org';

async function start(t: TestContext, origins: string[]): Promise<number> {
  const { port } = await startHttp(t, {
    routes: jobRoutes(jobRouteDeps()),
    api: { ...noKeys, cors: { origins } },
  });
  return port;
}

const preflight = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-api-key' };

function allowed({ headers }: Reply): string | undefined {
  return headers['access-control-allow-origin'];
}

test('a preflight of a configured origin gets the methods of the path and the headers of the API', async (t) => {
  const port = await start(t, [origin]);
  const answer = await ask(port, '/api/v1/jobs', { method: 'OPTIONS', headers: { origin, ...preflight } });
  assert.equal(answer.status, 204);
  assert.equal(allowed(answer), origin);
  assert.equal(answer.headers['access-control-allow-methods'], 'POST, GET, HEAD');
  assert.match(answer.headers['access-control-allow-headers'] ?? '', /Authorization, X-Api-Key,/);
  assert.equal(answer.headers['access-control-allow-credentials'], undefined);
  assert.equal(answer.headers.vary, 'Origin');
  assert.equal(answer.body, '');
});

test('an answer for a page says that it depends on the origin, also an error', async (t) => {
  const port = await start(t, [origin]);
  for (const [path, status] of [
    ['/api/v1/jobs', 200],
    ['/api/v1/jobs?limit=0', 400],
    ['/api/v1/jobs/unknown', 404],
  ] as const) {
    const answer = await ask(port, path, { headers: { origin } });
    assert.equal(answer.status, status);
    assert.equal(allowed(answer), origin);
    assert.equal(answer.headers.vary, 'Origin');
    assert.match(answer.headers['access-control-expose-headers'] ?? '', /Location/);
    const plain = await ask(port, path);
    assert.equal(plain.status, status);
    assert.equal(allowed(plain), undefined);
    assert.equal(plain.headers.vary, 'Origin');
  }
});

const refused = [
  { name: 'no origin is configured', origins: [], status: 405 },
  { name: 'another origin is configured', origins: ['https://pages.example.org:444'], status: 405 },
  { name: 'the path is not of the API', path: '/health', status: 405 },
  { name: 'the path is that of connectors', path: '/provision', status: 405 },
  { name: 'there is no such path', path: '/api/v1/nowhere', status: 404 },
];
for (const { name, origins = [origin], path = '/api/v1/jobs', status } of refused) {
  test(`a preflight is refused: ${name}`, async (t) => {
    const port = await start(t, origins);
    const answer = await ask(port, path, { method: 'OPTIONS', headers: { origin, ...preflight } });
    assert.equal(answer.status, status);
    assert.equal(allowed(answer), undefined);
  });
}

test('OPTIONS without a question for a method is another method', async (t) => {
  const port = await start(t, [origin]);
  const answer = await ask(port, '/api/v1/jobs', { method: 'OPTIONS', headers: { origin } });
  assert.equal(answer.status, 405);
  assert.equal(answer.headers.allow, 'POST, GET, HEAD');
});
