import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { OperationResponse, Route } from '../../../src/http/route.ts';
import { ask, serveRoutes } from './routes/serve-routes.ts';

const routes: Record<string, OperationResponse> = {
  '/json': { description: '', schema: {} },
  '/events': { description: '', contentType: 'text/event-stream' },
  '/file': { description: '', contentType: '*/*' },
  '/nothing': { description: '' },
};

function serve(t: TestContext): Promise<number> {
  return serveRoutes(
    t,
    Object.entries(routes).map(([path, response], index): Route => ({
      method: 'GET',
      path,
      access: { scope: 'read' },
      deadline: 'bounded',
      operation: {
        operationId: `operation${index}`,
        tag: 'jobs',
        summary: '',
        parameters: {},
        responses: { '200': response, '409': { description: '' } },
      },
      handle(ctx) {
        ctx.body = {};
      },
    })),
  );
}

for (const { accept, refused } of [
  { accept: '*/*', refused: [] },
  { accept: 'application/*', refused: ['/events'] },
  { accept: 'text/html, application/json;q=0.1', refused: ['/events'] },
  { accept: 'text/event-stream', refused: ['/json'] },
  { accept: 'image/png', refused: ['/json', '/events'] },
  { accept: 'application/json;q=0', refused: ['/json', '/events'] },
]) {
  test(`a client that accepts ${accept} is refused 406 at ${refused.join(' and ') || 'no path'}`, async (t) => {
    const port = await serve(t);
    const found: string[] = [];
    for (const path of Object.keys(routes)) {
      const { status, headers, body } = await ask({ port, path, headers: { accept } });
      if (status === 200) continue;
      found.push(path);
      assert.equal(status, 406);
      assert.equal(headers['content-type'], 'application/problem+json');
      const { field, detail } = JSON.parse(body.toString()) as { field: string; detail: string };
      assert.equal(field, 'Accept');
      assert.ok(
        detail.startsWith(`Accept: expected ${routes[path]?.contentType ?? 'application/json'}, or`),
        detail,
      );
    }
    assert.deepEqual(found, refused);
  });
}

test('no shared cache keeps an answer that needs a key', async (t) => {
  const port = await serve(t);
  for (const headers of [{}, { 'x-api-key': 'wrong' }]) {
    const answer = await ask({ port, path: '/json', headers });
    assert.equal(answer.headers['cache-control'], 'private, no-cache');
  }
});
