import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { EnvFileOwner } from '../../../src/env-files/env-file.ts';
import { createEnvFiles, type EnvFiles } from '../../../src/env-files/env-files.ts';
import { isServiceError } from '../../../src/errors.ts';
import { startTestApi } from '../../support/api-server.ts';
import { openStoreAccess } from '../../support/store-access.ts';

const { signal } = new AbortController();
const owner = { connector: 'provider', assetId: 'urn:asset:https://x.example/a b' };
const consumers = { ...owner, consumer: 'did:web:one' };

type Check = Parameters<EnvFiles['write']>[0]['check'];

function anything(): void {
  // No condition.
}

/** The env files of two replicas, whose requests each go to the same servers. */
async function start(t: TestContext, versions = 3) {
  const { store, uploads } = await openStoreAccess(t);
  const api = await startTestApi();
  t.after(() => api[Symbol.asyncDispose]());
  const deps = { store, uploads, cluster: api.cluster, versions, answerMillis: 60_000 };
  function replica() {
    return createEnvFiles({ ...deps, now: () => new Date() });
  }
  const [files, other] = [replica(), replica()];
  async function put(
    content: string,
    {
      of = owner,
      secret = false,
      check = anything,
    }: { of?: EnvFileOwner; secret?: boolean; check?: Check } = {},
  ) {
    const file = { content, secret, template: 'a', names: ['A'], createdBy: 'ann' };
    return await other.write({ owner: of, file, check }, signal);
  }
  async function keysOf(): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of store.list('env/', signal)) keys.push(key);
    return keys;
  }
  async function secrets() {
    return (await api.cluster.secrets.list({}, signal)).items;
  }
  return { files, put, keysOf, secrets, deps };
}

test('the next job gets the last version, the consumer’s own after the asset’s, at every replica', async (t) => {
  const { files, put } = await start(t);
  assert.deepEqual(await files.current(consumers, signal), []);
  const first = await put('A=1');
  assert.deepEqual([first.file.version, first.created], [1, true]);
  assert.equal((await put('A=2')).file.version, 2);
  await put('A=own', { of: consumers });
  assert.deepEqual(
    (await files.current(consumers, signal)).map(({ owner: of, version, values }) => [
      of,
      version,
      values['A'],
    ]),
    [
      ['asset', 2, '2'],
      ['consumer', 1, 'own'],
    ],
  );
  assert.equal((await files.current({ ...owner, consumer: 'did:web:two' }, signal)).length, 1);
  assert.deepEqual(await files.current({ ...owner, assetId: 'another' }, signal), []);
  assert.deepEqual(await files.current({ ...owner, connector: 'another' }, signal), []);
});

test('the same content again makes no version, and former versions are kept up to a number', async (t) => {
  const { files, put, keysOf } = await start(t);
  for (const content of ['A=1', 'A=2', 'A=2', 'A=3', 'A=4']) await put(content);
  const now = await files.read({ owner }, signal);
  assert.deepEqual([now?.version, now?.versions], [4, [2, 3, 4]]);
  assert.equal((await files.read({ owner, version: 2 }, signal))?.content, 'A=2');
  assert.equal(await files.read({ owner, version: 1 }, signal), undefined);
  for (const key of await keysOf()) assert.match(key, /^[A-Za-z0-9._/-]+$/);
});

test('writers at once get versions of their own, and a condition sees each of them', async (t) => {
  const { files, put } = await start(t, 10);
  const written = await Promise.all(['A=1', 'A=2', 'A=3'].map((content) => put(content)));
  assert.deepEqual(written.map(({ file }) => file.version).sort(), [1, 2, 3]);
  function isSecond(current: { version: number } | undefined): void {
    if (current?.version !== 3) throw new Error('another version');
  }
  const both = await Promise.allSettled(['A=4', 'A=5'].map((content) => put(content, { check: isSecond })));
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  assert.equal((await files.read({ owner }, signal))?.version, 4);
});

test('a secret file is in one Secret, and nothing in the bucket has its content or a digest of it', async (t) => {
  const { files, put, keysOf, secrets, deps } = await start(t);
  const [first, second] = [await put('A=hush', { secret: true }), await put('A=hush', { secret: true })];
  assert.notEqual(first.file.digest, second.file.digest);
  assert.equal((await files.current(owner, signal))[0]?.values['A'], 'hush');
  const [only, ...others] = await secrets();
  assert.equal(others.length, 0);
  assert.equal(Buffer.from(only?.data?.['content'] ?? '', 'base64').toString(), 'A=hush');
  for (const key of await keysOf()) {
    const { bytes } = (await deps.store.read(key, 10_000, signal)) ?? {};
    assert.ok(!String(bytes).includes('hush'), key);
  }
  await put('A=open');
  assert.deepEqual(await secrets(), []);
});

test('a deleted file is gone with all versions and Secrets, and a later one has a new number', async (t) => {
  const { files, put, secrets, keysOf } = await start(t);
  await put('A=1');
  await put('A=hush', { secret: true });
  const wanted = { owner, check: anything, by: 'ann' };
  assert.equal(await files.remove(wanted, signal), true);
  assert.equal(await files.remove(wanted, signal), false);
  assert.deepEqual(
    [await files.current(owner, signal), await files.read({ owner }, signal)],
    [[], undefined],
  );
  assert.deepEqual([await secrets(), (await keysOf()).length], [[], 1]);
  assert.equal((await put('A=1')).file.version, 4);
});

test('a store that does not answer in time is unavailable, and so is a missing bucket', async (t) => {
  const { deps } = await start(t);
  async function* silent(): AsyncGenerator<never> {
    await new Promise<never>(() => undefined);
    yield* [];
  }
  const hanging = createEnvFiles({
    ...deps,
    store: { ...deps.store, list: silent },
    answerMillis: 1,
    now: () => new Date(),
  });
  await assert.rejects(hanging.current(owner, signal), (error) => isServiceError(error, 'store-unavailable'));
});
