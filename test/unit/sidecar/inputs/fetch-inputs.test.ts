import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import type { SidecarSettings } from '../../../../src/config/sidecar.ts';
import type { FlowInput } from '../../../../src/flow/flow-input.ts';
import { fetchInputs } from '../../../../src/sidecar/inputs/fetch-inputs.ts';
import { startByteSource } from '../../../support/byte-source.ts';
import { startFaultyProxy } from '../../../support/faulty-proxy.ts';
import { openTestStore, type TestStore } from '../../../support/test-store.ts';
import { waitUntil } from '../../../support/wait-until.ts';

let store: TestStore;
before(async () => {
  store = await openTestStore();
});
after(async () => store[Symbol.asyncDispose]());

interface Pod {
  settings: SidecarSettings;
  folder: string;
  log: string[];
  /** The name of a file in the inputs' folder. */
  path(file: string): string;
  fetch(inputs: FlowInput[], terminate?: AbortSignal): Promise<void>;
}

/** The folders of one pod. */
async function startPod(t: TestContext, endpoint = store.endpoint): Promise<Pod> {
  const folder = await mkdtemp(join(tmpdir(), 'inputs-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const [state = '', credentials = '', urls = ''] = ['state', 'credentials', 'urls'].map((name) =>
    join(folder, name),
  );
  for (const one of [state, credentials, urls]) await mkdir(one);
  for (const [name, value] of Object.entries(store.keys)) await writeFile(join(credentials, name), value);
  const { region, bucket } = store;
  const settings = {
    ...{
      results: folder,
      state,
      credentials,
      flow: 'flow-test',
      attempt: 'attempt',
      endpoint,
      region,
      bucket,
    },
    ...{ graceSeconds: 1, releaseAfterUpload: false, terminationMessage: join(folder, 'message') },
    ...{ pollMillis: 10, settleMillis: 10, requestTimeoutMillis: 60_000, progressMillis: 10 },
  };
  const log: string[] = [];
  return {
    settings,
    folder,
    log,
    path: (file) => join(folder, 'inputs', file),
    fetch: (list, terminate = new AbortController().signal) =>
      fetchInputs(
        { ...settings, inputs: { list, urls, seconds: 600 } },
        (...line) => log.push(JSON.stringify(line)),
        terminate,
      ),
  };
}

/** An object, and the input that a job has frozen of it. */
async function upload(pod: Pod, name: string, content: Buffer): Promise<Extract<FlowInput, { key: string }>> {
  const key = `uploads/${name}-${randomBytes(4).toString('hex')}/content`;
  const { etag } = await store.client.putObject(store.bucket, key, content);
  const size = content.length;
  const sha256 = hash('sha256', content);
  return { name, path: pod.path(name), maxBytes: size, key, etag, size, sha256 };
}

async function refer(pod: Pod, url: string, members: Partial<FlowInput> = {}): Promise<FlowInput> {
  await writeFile(join(pod.folder, 'urls', 'file'), url);
  return {
    name: 'file',
    path: pod.path('file'),
    maxBytes: 1_000_000,
    host: new URL(url).host,
    ...members,
  };
}

function failing(input: string, message: RegExp) {
  return (error: unknown) => {
    const { name, ...rest } = error as Error & { input: string };
    assert.equal(name, 'InputError');
    assert.equal(rest.input, input);
    assert.match((error as Error).message, message);
    return true;
  };
}

test('fetches objects whole and read-only, and nothing again that is there', async (t) => {
  await using proxy = await startFaultyProxy(store.endpoint);
  const pod = await startPod(t, proxy.url);
  const content = randomBytes(3_000_000);
  const inputs = [await upload(pod, 'large', content), await upload(pod, 'empty', Buffer.alloc(0))];
  await pod.fetch(inputs);
  assert.deepEqual(await readFile(pod.path('large')), content);
  assert.equal((await stat(pod.path('empty'))).size, 0);
  assert.equal((await stat(pod.path('large'))).mode & 0o777, 0o444);
  await pod.fetch(inputs);
  assert.equal(proxy.requests.length, 2);
  assert.deepEqual((await readdir(join(pod.folder, 'inputs'))).sort(), ['empty', 'large']);
});

test('goes on where it was while the store is down, busy, slow to answer or breaks off', async (t) => {
  await using proxy = await startFaultyProxy(store.endpoint);
  const pod = await startPod(t, proxy.url);
  const content = randomBytes(2_000_000);
  const input = await upload(pod, 'file', content);
  proxy.fault = ({ number }) => {
    if (number === 1) return { kind: 'reset', when: 'before' };
    if (number === 2) return { kind: 'status', when: 'before', status: 503 };
    return number === 3 || number === 4 ? { kind: 'truncate' } : undefined;
  };
  await pod.fetch([input]);
  assert.deepEqual(await readFile(pod.path('file')), content);
  const ranges = proxy.requests.map(({ headers }) => headers.range);
  assert.deepEqual(ranges.slice(0, 3), [undefined, undefined, undefined]);
  for (const range of ranges.slice(3)) assert.match(range ?? '', /^bytes=[1-9]\d*-$/);
  assert.ok(proxy.requests.every(({ headers }) => headers['if-match'] === `"${input.etag}"`));
});

const failures = [
  { name: 'missing', change: (key: string) => store.client.removeObject(store.bucket, key), says: /missing/ },
  {
    name: 'changed',
    change: (key: string) => store.client.putObject(store.bucket, key, 'something else'),
    says: /has changed/,
  },
];
for (const { name, change, says } of failures) {
  test(`a ${name} object is final for the pod, also when it is there again`, async (t) => {
    const pod = await startPod(t);
    const first = await upload(pod, 'first', Buffer.from('first'));
    const input = await upload(pod, 'second', Buffer.from('content'));
    await change(input.key);
    await assert.rejects(pod.fetch([first, input]), failing('second', says));
    await store.client.putObject(store.bucket, input.key, Buffer.from('content'));
    await assert.rejects(pod.fetch([first, input]), failing('second', says));
    assert.deepEqual(await readdir(join(pod.folder, 'inputs')), ['first']);
  });
}

test('bytes with another sha256 are refused and leave no file', async (t) => {
  const pod = await startPod(t);
  const input = { ...(await upload(pod, 'file', Buffer.from('content'))), sha256: 'f'.repeat(64) };
  await assert.rejects(pod.fetch([input]), failing('file', /expected sha256 f{64}, received /));
  assert.deepEqual(await readdir(join(pod.folder, 'inputs')), []);
});

test('a store that is down until the deadline ends the fetch', async (t) => {
  await using proxy = await startFaultyProxy(store.endpoint);
  proxy.fault = () => ({ kind: 'status', when: 'before', status: 503 });
  const pod = await startPod(t, proxy.url);
  const list = [await upload(pod, 'file', Buffer.from('content'))];
  const settings = { ...pod.settings, inputs: { list, urls: '', seconds: 1 } };
  await assert.rejects(
    fetchInputs(settings, () => undefined, new AbortController().signal),
    failing('file', /not fetched in time: /),
  );
});

test('a stop during a fetch ends it, and the next process of the pod starts over', async (t) => {
  await using proxy = await startFaultyProxy(store.endpoint);
  const pod = await startPod(t, proxy.url);
  const content = randomBytes(1_000_000);
  const inputs = [await upload(pod, 'first', content), await upload(pod, 'second', content)];
  proxy.fault = ({ number }) => (number === 1 ? undefined : { kind: 'hang', when: 'after' });
  const terminate = new AbortController();
  const fetched = pod.fetch(inputs, terminate.signal);
  await waitUntil('the second is asked for', () => proxy.requests.length === 2);
  terminate.abort(new Error('stopped'));
  await assert.rejects(fetched, { message: 'stopped' });
  assert.deepEqual(await readdir(join(pod.folder, 'inputs')), ['first']);
  proxy.fault = () => undefined;
  await pod.fetch(inputs);
  assert.equal(proxy.requests.length, 3);
  assert.deepEqual(await readFile(pod.path('second')), content);
});

test('a URL is fetched with its query, continued by its ETag, and never in the log', async (t) => {
  const content = randomBytes(300_000);
  const source = await startByteSource(t, { content, headers: { etag: '"one"' } });
  source.next('drop', 503, 'drop');
  const pod = await startPod(t);
  await pod.fetch([await refer(pod, source.url, { sha256: hash('sha256', content) })]);
  assert.deepEqual(await readFile(pod.path('file')), content);
  const [first, ...later] = source.requests;
  assert.equal(first?.range, undefined);
  for (const headers of later) {
    assert.match(headers.range ?? '', /^bytes=[1-9]/);
    assert.equal(headers['if-range'], '"one"');
  }
  assert.doesNotMatch(pod.log.join('\n'), /secret|query/);
  assert.match(pod.log.join('\n'), /input fetched/);
});

test('a URL without a strong ETag is fetched from its start again', async (t) => {
  const content = randomBytes(300_000);
  const source = await startByteSource(t, { content, headers: { etag: 'W/"one"' } });
  source.next('drop', 'chunked');
  const pod = await startPod(t);
  await pod.fetch([await refer(pod, source.url)]);
  assert.deepEqual(await readFile(pod.path('file')), content);
  assert.deepEqual(
    source.requests.map(({ range }) => range),
    [undefined, undefined],
  );
});

for (const status of [302, 401, 404, 400]) {
  test(`a URL that answers ${status} is refused at once, and its message does not hold it`, async (t) => {
    const source = await startByteSource(t, { content: Buffer.from('x') });
    source.next(status);
    const pod = await startPod(t);
    const fetched = pod.fetch([await refer(pod, source.url)]);
    await assert.rejects(fetched, (error: Error) => {
      assert.match(error.message, new RegExp(`answered ${status}`));
      assert.doesNotMatch(error.message, /secret|files/);
      return true;
    });
    assert.equal(source.requests.length, 1);
  });
}

for (const way of ['chunked', undefined] as const) {
  test(`a URL with more bytes than the template allows is refused, ${way ?? 'by its length'}`, async (t) => {
    const source = await startByteSource(t, { content: randomBytes(300_000) });
    if (way !== undefined) source.next(way);
    const pod = await startPod(t);
    const input = await refer(pod, source.url, { maxBytes: 100_000 });
    await assert.rejects(pod.fetch([input]), failing('file', /expected at most 100000 bytes/));
    assert.equal(existsSync(pod.path('file')), false);
  });
}
