import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { ServiceError } from '../../../../src/errors.ts';
import { createDownloadSlots, type DownloadSlots } from '../../../../src/http/download-slots.ts';
import { resultRoutes } from '../../../../src/http/routes/results.ts';
import { createFlowService } from '../../../../src/requests/create-flow-service.ts';
import type { FlowService } from '../../../../src/requests/flow-service.ts';
import { createManifestCache } from '../../../../src/result/manifest-cache.ts';
import { manifestKey } from '../../../../src/flow/keys.ts';
import { fileKey } from '../../../../src/result/manifest.ts';
import { encodePath } from '../../../../src/result/paths.ts';
import { signResultToken, type ResultGrant } from '../../../../src/result/result-token.ts';
import { aJob } from '../../../support/flow-job.ts';
import { at } from '../../../support/flow-values.ts';
import { nothingObserved } from '../../../support/observed.ts';
import { startTestReconciler } from '../../../support/test-reconciler.ts';
import { waitUntil } from '../../../support/wait-until.ts';
import { readTar, readZip } from '../../result/archive/read-archive.ts';
import { attempt, flow, memoryStore, sidecarWrites } from '../../result/stored-results.ts';
import { ask, serveRoutes, type Asked } from './serve-routes.ts';

const keys = [{ id: 'k', key: 'secret' }];
const notAfter = 2_000_000_000;
const large = randomBytes(32 * 1024 * 1024);
const odd = "Käse & Brot/100% +'[1]#?.csv";
const files = {
  'a/page.html': Buffer.from('<script>'),
  'out.json': Buffer.from('{"a":1}'),
  empty: Buffer.alloc(0),
  [odd]: Buffer.from('x;y'),
};

interface Options {
  flows?: Pick<FlowService, 'results'>;
  slots?: DownloadSlots;
  idleMillis?: number;
  contents?: Record<string, Buffer>;
  grant?: Partial<ResultGrant>;
  now?: Date;
}

async function serve(
  t: TestContext,
  { slots = createDownloadSlots({ limit: 10 }), idleMillis = 60_000, ...options }: Options = {},
) {
  const { flows = { results: () => Promise.resolve({ access: 'open' }) } } = options;
  const { contents = files, grant, now = new Date(notAfter * 1000) } = options;
  const written = sidecarWrites(contents);
  const store = memoryStore(written.objects, 64 * 1024);
  const retry = { attempts: 2, firstMillis: 0 };
  const routes = resultRoutes({
    flows,
    store,
    idleMillis,
    retry,
    slots,
    manifests: createManifestCache(store),
    keys,
    now: () => now,
  });
  const port = await serveRoutes(t, routes);
  const token = signResultToken({ flow, attempt, notAfter, ...grant }, keys);
  const base = `/results/${flow}/${token}`;
  return {
    ...written,
    store,
    port,
    base,
    get: (path: string, more: Partial<Asked> = {}) => ask({ port, path: `${base}${path}`, ...more }),
  };
}

test('a file comes with its length, type, name and a strong tag, and no browser may run it', async (t) => {
  const { get, manifest } = await serve(t);
  const { status, headers, body } = await get('/files/a/page.html', {
    headers: { 'accept-encoding': 'gzip' },
  });
  assert.equal(status, 200);
  assert.deepEqual(body, files['a/page.html']);
  assert.equal(headers['content-length'], '8');
  assert.equal(headers['content-type'], 'text/html; charset=utf-8');
  assert.equal(headers['content-disposition'], 'attachment; filename="page.html"');
  assert.equal(headers.etag, `"${manifest.files.find((file) => file.path === 'a/page.html')?.sha256 ?? ''}"`);
  assert.equal(headers['accept-ranges'], 'bytes');
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.match(String(headers['content-security-policy']), /^sandbox;/);
  assert.match(String(headers['cache-control']), /private.*no-transform/);
  assert.equal(headers['content-encoding'], undefined);
});

for (const { name, path } of [
  { name: 'as we encode it', path: encodePath(odd) },
  {
    name: "with a bare ' and lower-case digits",
    path: encodePath(odd).replace('%27', "'").replace('%C3', '%c3'),
  },
  { name: 'with its slash encoded', path: encodeURIComponent(odd) },
]) {
  test(`a path is found ${name}`, async (t) => {
    const { get } = await serve(t);
    const { status, headers, body } = await get(`/files/${path}`);
    assert.equal(status, 200);
    assert.equal(body.toString(), 'x;y');
    assert.match(
      String(headers['content-disposition']),
      /filename="100_ \+'\[1\]#\?\.csv"; filename\*=UTF-8''100%25%20%2B%27%5B1%5D%23%3F\.csv$/,
    );
  });
}

for (const path of [
  '/files/none',
  '/files/a',
  '/files/a/',
  '/files/a//page.html',
  '/files/../manifest.json',
  '/files/%2e%2e/manifest.json',
  '/files/A/page.html',
  '/files/%',
  '/files/%ff',
  '/files/',
  '/files',
  '/other',
  '/',
]) {
  test(`there is nothing at ${path}`, async (t) => {
    const { get } = await serve(t);
    const { status, headers } = await get(path);
    assert.equal(status, 404);
    assert.equal(headers['content-type'], 'application/problem+json');
  });
}

test('the zip, the tar and the manifest are what they say', async (t) => {
  const { get, objects } = await serve(t);
  const [zip, tar, manifest] = await Promise.all([
    get('/archive.zip'),
    get('/archive.tar'),
    get('/manifest.json'),
  ]);
  for (const entries of [readZip(zip.body), readTar(tar.body)]) {
    assert.deepEqual(
      new Map(entries.map(({ path, bytes }) => [path, bytes.toString()])),
      new Map(
        Object.entries(files)
          .map(([path, bytes]) => [path, bytes.toString()])
          .sort() as [string, string][],
      ),
    );
  }
  assert.equal(zip.headers['content-type'], 'application/zip');
  assert.equal(tar.headers['content-type'], 'application/x-tar');
  assert.equal(tar.headers['content-disposition'], `attachment; filename="${flow}.tar"`);
  assert.deepEqual(manifest.body, objects.get(manifestKey(flow, attempt)));
  assert.equal(new Set([zip, tar, manifest].map(({ headers }) => headers.etag)).size, 3);
});

for (const path of ['/files/out.json', '/files/empty', '/archive.zip', '/manifest.json']) {
  test(`HEAD ${path} answers with GET's headers, and reads no file`, async (t) => {
    const { get, store } = await serve(t);
    const head = await get(path, { method: 'HEAD' });
    assert.deepEqual(store.reads, [manifestKey(flow, attempt)]);
    const { status, headers, body } = await get(path);
    const told = [
      'content-length',
      'content-type',
      'etag',
      'content-disposition',
      'accept-ranges',
      'content-security-policy',
    ];
    assert.deepEqual(
      [head.status, ...told.map((name) => head.headers[name])],
      [status, ...told.map((name) => headers[name])],
    );
    assert.equal(headers['content-length'], String(body.length));
  });
}

test('a range, a condition and a resumed download are answered as HTTP says', async (t) => {
  const { get } = await serve(t);
  const whole = await get('/archive.tar');
  const etag = String(whole.headers.etag);
  const part = await get('/archive.tar', { headers: { range: 'bytes=100-1999', 'if-range': etag } });
  assert.equal(part.status, 206);
  assert.equal(part.headers['content-range'], `bytes 100-1999/${whole.body.length}`);
  assert.deepEqual(part.body, whole.body.subarray(100, 2000));
  const other = await get('/archive.tar', { headers: { range: 'bytes=100-1999', 'if-range': '"other"' } });
  assert.deepEqual([other.status, other.body.length], [200, whole.body.length]);
  const same = await get('/archive.tar', { headers: { 'if-none-match': etag } });
  assert.deepEqual([same.status, same.body.length, same.headers.etag], [304, 0, etag]);
  const behind = await get('/archive.tar', { headers: { range: 'bytes=999999-' } });
  assert.deepEqual([behind.status, behind.headers['content-range']], [416, `bytes */${whole.body.length}`]);
  assert.equal((await get('/archive.tar', { headers: { 'if-match': '"other"' } })).status, 412);
});

test('a wrong token is answered like a flow that never was; a token that was right once is gone', async (t) => {
  const { get, port, base } = await serve(t);
  assert.equal((await ask({ port, path: `${base}x/archive.zip` })).status, 404);
  assert.equal((await ask({ port, path: `${base.replace('flow-a', 'flow-b')}/archive.zip` })).status, 404);
  const late = await serve(t, { now: new Date(notAfter * 1000 + 1) });
  assert.equal((await late.get('/archive.zip')).status, 410);
  assert.equal((await get('/archive.zip')).status, 200);
});

test('results that were deleted are gone, the manifest first or last', async (t) => {
  const { get, store } = await serve(t);
  assert.equal((await get('/files/out.json')).status, 200);
  store.objects.delete(fileKey(flow, attempt, 'out.json'));
  assert.equal((await get('/files/out.json')).status, 410);
  store.objects.delete(manifestKey(flow, attempt));
  assert.equal((await get('/files/a/page.html')).status, 410);
});

test("a template's type is that of its file alone", async (t) => {
  const { get } = await serve(t, { grant: { media: { path: 'out.json', type: 'application/ld+json' } } });
  assert.equal((await get('/files/out.json')).headers['content-type'], 'application/ld+json');
  assert.equal((await get('/files/a/page.html')).headers['content-type'], 'text/html; charset=utf-8');
});

test('a store that is out of reach is answered with a status', async (t) => {
  const { get, store } = await serve(t);
  await get('/manifest.json');
  store.get = () => Promise.reject(new ServiceError('store-unavailable', 'connect ECONNREFUSED'));
  const { status, headers, body } = await get('/files/out.json');
  assert.deepEqual([status, headers['content-type']], [503, 'application/problem+json']);
  assert.doesNotMatch(body.toString(), /ECONNREFUSED/);
});

/** More than are opened ahead. */
const small = Object.fromEntries(
  Array.from({ length: 10 }, (_, index) => [`f${index}`, Buffer.from('small')]),
);

test('a result that changes in the middle breaks the connection', async (t) => {
  const { get, store } = await serve(t, { contents: { a: large, ...small, z: Buffer.from('b') } });
  const first = get('/archive.zip');
  await waitUntil('the first file is being read', () => store.reads.length > 1);
  store.objects.set(fileKey(flow, attempt, 'z'), Buffer.from('c'));
  await assert.rejects(first, { code: 'ECONNRESET' });
  await waitUntil('nothing is being read', () => store.open.size === 0);
});

test('a client that leaves ends the reading', async (t) => {
  const { port, base, store } = await serve(t, { contents: { a: large } });
  const client = request({ host: '127.0.0.1', port, path: `${base}/files/a` }, (res) =>
    res.once('data', () => client.destroy()),
  );
  client.once('error', () => undefined);
  client.end();
  await waitUntil('the file was opened', () => store.reads.length === 2);
  await waitUntil('the file is closed', () => store.open.size === 0);
});

test('a client that stops reading is dropped', async (t) => {
  const { port, base, store } = await serve(t, { contents: { a: large }, idleMillis: 200 });
  const client = connect(port, '127.0.0.1', () =>
    client.write(`GET ${base}/files/a HTTP/1.1\r\nHost: x\r\n\r\n`),
  );
  client.pause();
  t.after(() => client.destroy());
  await waitUntil('the file was opened', () => store.reads.length === 2);
  await waitUntil('the file is closed', () => store.open.size === 0);
});

test('a download beyond the limit is answered with Retry-After, and gets its turn once another has ended', async (t) => {
  const slots = createDownloadSlots({ limit: 1, waitMillis: 1 });
  const { get, port, base, store } = await serve(t, { slots, contents: { a: large, b: Buffer.from('b') } });
  const idle = connect(port, '127.0.0.1', () =>
    idle.write(`GET ${base}/archive.zip HTTP/1.1\r\nHost: x\r\n\r\n`),
  );
  idle.pause();
  t.after(() => idle.destroy());
  await waitUntil('the first file was opened', () => store.open.size === 1);
  const refused = await get('/files/b');
  assert.deepEqual([refused.status, refused.headers['content-type']], [503, 'application/problem+json']);
  assert.match(String(refused.headers['retry-after']), /^[0-9]+$/);
  assert.match(refused.body.toString(), /results\.maxDownloads/);
  assert.equal((await get('/files/b', { method: 'HEAD' })).status, 200);
  idle.destroy();
  await waitUntil('the first download has ended', async () => (await get('/files/b')).status === 200);
});

test('an address is dead from the moment a deprovision is accepted, though no replica leads and deletes', async (t) => {
  const { deps, api } = await startTestReconciler(t, { store: memoryStore() });
  const outcome = { phase: 'failed', at: at(1), reason: 'worker-failed', message: 'm' } as const;
  await api.cluster.jobs.create(
    aJob({ name: flow, outcome, delivery: { attempts: 1, result: 'delivered' } }),
    t.signal,
  );
  const flows = createFlowService(deps, nothingObserved);
  const { get, store } = await serve(t, { flows });
  const everything = ['/files/out.json', '/archive.zip', '/archive.tar', '/manifest.json'];
  function statuses(): Promise<number[]> {
    return Promise.all(everything.map(async (path) => (await get(path)).status));
  }
  assert.deepEqual(await statuses(), [200, 200, 200, 200]);

  assert.equal(await flows.end(flow, 'deprovisioned', t.signal), 'accepted');
  assert.deepEqual(await statuses(), [410, 410, 410, 410]);
  assert.equal((await get('/files/out.json', { method: 'HEAD' })).status, 410);
  assert.ok(store.objects.has(manifestKey(flow, attempt)));
});

test('results whose Job is gone are handed out as long as they are there', async (t) => {
  const { deps } = await startTestReconciler(t, { store: memoryStore() });
  const { get } = await serve(t, { flows: createFlowService(deps, nothingObserved) });
  assert.equal((await get('/files/out.json')).status, 200);
});

test('a cluster that is out of reach, or silent, keeps no results from their receiver', async (t) => {
  const unreachable = new ServiceError('cluster-unavailable', 'down');
  const down = await serve(t, { flows: { results: () => Promise.reject(unreachable) } });
  assert.equal((await down.get('/files/out.json')).status, 200);
  const silent = await serve(t, {
    flows: {
      results: (_, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reject(signal.reason as Error);
          });
        }),
    },
  });
  assert.equal((await silent.get('/files/out.json')).status, 200);
});
