import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pageRoutes } from '../../../../../src/http/routes/pages/page-routes.ts';
import { ask, startHttp } from '../../start-http.ts';

/** Addresses that the browser loads for a page. */
function loadedBy(html: string): string[] {
  return Array.from(html.matchAll(/(?:src|href)="([^"]*)"/g), ([, address = '']) => address);
}

function importedBy(script: string): string[] {
  return Array.from(
    script.matchAll(/(?:from|import) '([^']+)'|fetch\('([^']+)'\)/g),
    ([, file, data]) => file ?? data ?? '',
  );
}

for (const page of ['/docs', '/redoc'])
  test(`${page} loads all that it needs from the service`, async (t) => {
    const { port } = await startHttp(t);
    const base = `http://127.0.0.1:${port}`;
    const { status, headers, body } = await ask(port, page);
    assert.equal(status, 200);
    assert.match(String(headers['content-type']), /^text\/html/);
    const policy = String(headers['content-security-policy']);
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /script-src 'self'(;|$)/);
    assert.match(policy, /connect-src 'self'(;|$)/);
    assert.doesNotMatch(policy, /https?:|\*|unsafe-eval/);
    assert.doesNotMatch(body, /<script(?![^>]* src=)/);

    const addresses = loadedBy(body).filter((address) => !address.startsWith('data:'));
    const script = new URL(addresses.find((one) => one.endsWith('.js')) ?? '', base + page);
    const start = (await ask(port, script.pathname)).body;
    const imports = importedBy(start).map((one) => (one.startsWith('./') ? new URL(one, script).href : one));
    assert.ok(imports.length >= 2);
    for (const address of [...addresses, ...imports]) {
      const url = new URL(address, base + page);
      assert.equal(url.origin, base, address);
      const file = await ask(port, url.pathname);
      assert.equal(file.status, 200, address);
      assert.ok(file.body.length > 100, address);
      const type = /\.js$/.test(address) ? /javascript/ : /\.css$/.test(address) ? /css/ : /json/;
      assert.match(String(file.headers['content-type']), type);
    }
  });

test('files have an ETag, are answered to HEAD, and are kept by the browser for a while', async (t) => {
  const { port } = await startHttp(t);
  for (const path of ['/docs', '/docs/start.js', '/docs/swagger-ui.css', '/redoc/redoc.standalone.js']) {
    const { headers, body } = await ask(port, path);
    const head = await ask(port, path, { method: 'HEAD' });
    assert.deepEqual([head.status, head.body], [200, '']);
    assert.equal(head.headers['content-length'], String(Buffer.byteLength(body)));
    assert.equal(head.headers.etag, headers.etag);
    assert.equal(headers['cache-control'], path === '/docs' ? 'no-cache' : 'public, max-age=3600');
    const again = await ask(port, path, { headers: { 'if-none-match': String(headers.etag) } });
    assert.deepEqual([again.status, again.body], [304, '']);
    const changed = await ask(port, path, { headers: { 'if-none-match': '"another"' } });
    assert.equal(changed.status, 200);
  }
});

test('a page has its own files and no others', async (t) => {
  const { port } = await startHttp(t);
  for (const path of [
    '/docs/package.json',
    '/docs/..%2fpackage.json',
    '/redoc/swagger-ui.css',
    '/docs/constructor',
  ])
    assert.equal((await ask(port, path)).status, 404, path);
});

test('the pages are served on the loopback, and elsewhere if they are on', () => {
  const paths = ['/docs', '/docs/:file', '/redoc', '/redoc/:file'];
  for (const { http, served } of [
    { http: { host: '127.0.0.1' }, served: true },
    { http: { host: '127.0.0.1', docs: 'off' as const }, served: false },
    { http: { host: '0.0.0.0' }, served: false },
    { http: { host: '0.0.0.0', docs: 'on' as const }, served: true },
  ])
    assert.deepEqual(
      pageRoutes(http).map(({ path }) => path),
      served ? paths : [],
    );
});

test('the root links the pages that are served', async (t) => {
  for (const docs of ['on', 'off'] as const) {
    const { port } = await startHttp(t, { http: { docs } });
    const { links } = JSON.parse((await ask(port, '/')).body) as { links: Record<string, string> };
    assert.deepEqual(
      [links['docs'], links['redoc']],
      docs === 'on' ? ['/docs', '/redoc'] : [undefined, undefined],
    );
  }
});
