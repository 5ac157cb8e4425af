import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { deliverEnvFile } from '../../../src/asset-inboxes/deliver-env-file.ts';
import type { AssetInbox } from '../../../src/asset-inboxes/inbox-token.ts';
import type { NewEnvFile } from '../../../src/env-files/env-file.ts';
import type { EnvFiles } from '../../../src/env-files/env-files.ts';
import { openStoreAccess } from '../../support/store-access.ts';
import { aTemplate } from '../../support/template-values.ts';

const { signal } = new AbortController();
const inbox: AssetInbox = {
  ...{ id: '000000000001-a', kind: 'env', connector: 'provider', assetId: 'a', consumer: 'one' },
  ...{ name: 'env', secret: false, template: 'echo', maxBytes: 100, createdBy: 'ann' },
};

async function start(t: TestContext) {
  const written: string[] = [];
  const dying = { next: false };
  async function write({ owner, file }: Parameters<EnvFiles['write']>[0]) {
    await Promise.resolve();
    if (dying.next) throw new Error('died');
    written.push(file.content);
    return { created: true, file: versionOf(owner, file, written.length) };
  }
  const templates = [aTemplate({ environment: { TOWN: '' }, envFiles: ['TOWN'] })];
  const common = { ...(await openStoreAccess(t)), templates, envFileLimits: { maxVariables: 9 } };
  const deps = { ...common, envFiles: { write } };
  async function deliver(text: string) {
    return await deliverEnvFile(deps, { inbox, token: 'token', bytes: Buffer.from(text) }, signal);
  }
  return { written, dying, deliver };
}

function versionOf(owner: object, file: NewEnvFile, version: number) {
  const { connector, assetId } = inbox;
  const rest = { version, digest: `d${version}`, size: 1, createdAt: '2026-01-01T00:00:00Z' };
  return { connector, assetId, ...owner, ...file, ...rest };
}

test('a refused body leaves the inbox open, and the first good one closes it for others', async (t) => {
  const { deliver, written } = await start(t);
  await assert.rejects(deliver('PATH=/'), { code: 'invalid-env-file' });
  const first = await deliver('TOWN=south');
  assert.deepEqual(first, { envFile: { version: 1, digest: 'd1' } });
  assert.deepEqual(await deliver('TOWN=south'), first);
  await assert.rejects(deliver('TOWN=west'), { code: 'conflict' });
  assert.deepEqual(written, ['TOWN=south']);
});

test('of two bodies at once one is taken', async (t) => {
  const { deliver, written } = await start(t);
  const both = await Promise.allSettled([deliver('TOWN=south'), deliver('TOWN=west')]);
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  assert.equal(written.length, 1);
});

test('a repeat finishes what a service began that died, and another body is still refused', async (t) => {
  const { deliver, dying, written } = await start(t);
  dying.next = true;
  await assert.rejects(deliver('TOWN=south'), /died/);
  dying.next = false;
  await assert.rejects(deliver('TOWN=west'), { code: 'conflict' });
  assert.deepEqual(await deliver('TOWN=south'), { envFile: { version: 1, digest: 'd1' } });
  assert.deepEqual(written, ['TOWN=south']);
});
