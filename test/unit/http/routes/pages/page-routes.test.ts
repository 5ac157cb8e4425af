import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pageRoutes } from '../../../../../src/http/routes/pages/page-routes.ts';
import { ask, startHttp } from '../../start-http.ts';

/** Addresses that a browser loads for a page. */
function loadedBy(html: string): Record<'scripts' | 'styles' | 'icons', string[]> {
  const found = { scripts: [] as string[], styles: [] as string[], icons: [] as string[] };
  for (const [tag] of html.matchAll(/<\w+[^>]*\s(?:src|href)=[^>]*>/g)) {
    const address = /\s(?:src|href)="([^"]*)"/.exec(tag)?.[1] ?? assert.fail(tag);
    if (tag.startsWith('<script ')) found.scripts.push(address);
    else if (tag.includes('rel="stylesheet"')) found.styles.push(address);
    else if (tag.includes('rel="icon"')) found.icons.push(address);
    else assert.fail(`${tag}: the browser may load it, and no directive is known for it`);
  }
  return found;
}

function loadedByScript(script: string): Record<'imports' | 'fetches', string[]> {
  const [imports, fetches] = [/(?:from|import) '([^']+)'/g, /fetch\('([^']+)'/g].map((pattern) =>
    Array.from(script.matchAll(pattern), ([, address = '']) => address),
  );
  return { imports: imports ?? [], fetches: fetches ?? [] };
}

/** Addresses that a style names, with what they are. Fonts are the only ones that are not images. */
function namedByStyle(style: string): { directive: string; address: string }[] {
  assert.doesNotMatch(style, /@import/);
  return Array.from(style.matchAll(/url\(\s*(["']?)(.*?)\1\s*\)/g), ([, , address = '']) => ({
    directive: /font|woff|ttf/.test(address.slice(0, 100)) ? 'font-src' : 'img-src',
    address,
  }));
}

/** Whether a browser loads it, by the sources that the header names (CSP level 3, without nonces and hashes). */
function permits(policy: string, directive: string, { url, page }: { url: URL; page: URL }): boolean {
  const sources = new Map(
    policy.split(';').map((one) => {
      const [name = '', ...values] = one.trim().split(/\s+/);
      return [name, values];
    }),
  );
  const values = sources.get(directive) ?? sources.get('default-src') ?? [];
  return values.includes(url.protocol) || (values.includes("'self'") && url.origin === page.origin);
}

for (const name of ['/docs', '/redoc'])
  test(`${name} loads all that it needs from the service, as its Content-Security-Policy permits`, async (t) => {
    const { port } = await startHttp(t);
    const page = new URL(name, `http://127.0.0.1:${port}`);
    const { status, headers, body } = await ask(port, name);
    assert.equal(status, 200);
    assert.match(String(headers['content-type']), /^text\/html/);
    const policy = String(headers['content-security-policy']);
    assert.doesNotMatch(policy, /https?:|\*|unsafe-eval|script-src[^;]*unsafe/);
    assert.doesNotMatch(body, /<script(?![^>]* src=)|\son\w+=|javascript:/);

    async function load(directive: string, address: string, base: URL): Promise<string> {
      const url = new URL(address, base);
      assert.ok(permits(policy, directive, { url, page }), `${directive}: ${url.href.slice(0, 100)}`);
      if (url.protocol === 'data:') return '';
      const file = await ask(port, url.pathname);
      assert.equal(file.status, 200, address);
      assert.ok(file.body.length > 100, address);
      const type = { 'script-src': /javascript/, 'style-src': /css/, 'connect-src': /json/ }[directive];
      assert.match(String(file.headers['content-type']), type ?? /./);
      return file.body;
    }

    const { scripts, styles, icons } = loadedBy(body);
    for (const icon of icons) await load('img-src', icon, page);
    for (const style of styles)
      for (const { directive, address } of namedByStyle(await load('style-src', style, page)))
        await load(directive, address, new URL(style, page));
    const [start = ''] = scripts.filter((script) => script.endsWith('/start.js'));
    for (const script of scripts) if (script !== start) await load('script-src', script, page);
    const { imports, fetches } = loadedByScript(await load('script-src', start, page));
    // The viewer: a script of the page, or a module.
    assert.deepEqual([scripts.length - 1 + imports.length, fetches.length], [1, 1]);
    for (const one of imports) await load('script-src', one, new URL(start, page));
    // A browser resolves the address of a fetch by that of the page.
    for (const one of fetches) await load('connect-src', one, page);
  });

test('a policy permits the hosts and schemes that it names, and no others', () => {
  const page = new URL('http://jobs.example.org/docs');
  const policy = "default-src 'none'; script-src 'self'; font-src 'self' data:";
  for (const { directive, address, permitted } of [
    { directive: 'script-src', address: '/docs/start.js', permitted: true },
    { directive: 'script-src', address: 'http://cdn.example.org/start.js', permitted: false },
    { directive: 'script-src', address: 'data:text/javascript,', permitted: false },
    { directive: 'font-src', address: 'data:font/woff2,', permitted: true },
    { directive: 'img-src', address: '/docs/logo.png', permitted: false },
  ])
    assert.equal(permits(policy, directive, { url: new URL(address, page), page }), permitted, address);
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
