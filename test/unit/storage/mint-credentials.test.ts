import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { createCredentialMinter, type MinterSettings } from '../../../src/storage/mint-credentials.ts';
import { sessionPolicy } from '../../../src/storage/session-policy.ts';
import { startFaultyProxy } from '../../support/faulty-proxy.ts';
import { needing } from '../../support/needs.ts';
import { s3Client } from '../../support/s3-client.ts';
import { openTestStore, type TestStore } from '../../support/test-store.ts';

let server: TestStore;
before(async () => {
  server = await openTestStore();
});
after(async () => server[Symbol.asyncDispose]());

function settings(changed: Partial<MinterSettings> = {}): MinterSettings {
  const { endpoint, region, bucket } = server;
  const times = { credentialSeconds: 900, requestTimeoutMillis: 30_000 };
  return { endpoint, region, bucket, credentials: 'sts', ...times, ...changed };
}

const { signal } = new AbortController();

test(
  'mints keys that write and read below their flow and nowhere else',
  needing('session policies'),
  async () => {
    const minter = createCredentialMinter(settings(), server.keys);
    const keys = await minter.mint('flow-1', signal);
    assert.equal(minter.lifetimeSeconds, 900);
    const left = (Date.parse(keys.expiration ?? '') - Date.now()) / 1000;
    assert.ok(left > 600 && left <= 901, keys.expiration);
    const { bucket } = server;
    const scoped = s3Client(server, keys);
    await scoped.putObject(bucket, 'flows/flow-1/uid/files/a', 'mine');
    assert.equal(await text(await scoped.getObject(bucket, 'flows/flow-1/uid/files/a')), 'mine');
    await server.client.putObject(bucket, 'flows/flow-2/a', 'theirs');
    const denied = { code: 'AccessDenied' };
    const foreign = [
      'flows/flow-2/uid/a',
      'flows/flow-10/uid/a',
      'flows/flow-1',
      'flows/flow-1/record.json',
      'elsewhere',
    ];
    for (const key of foreign) {
      await assert.rejects(scoped.putObject(bucket, key, 'x'), denied, key);
    }
    await assert.rejects(scoped.getObject(bucket, 'flows/flow-2/a'), denied);
    await assert.rejects(scoped.removeObject(bucket, 'flows/flow-1/uid/files/a'), denied);
  },
);

test('hands out the configured keys where the store has no STS', async () => {
  const minter = createCredentialMinter(settings({ credentials: 'static' }), server.keys);
  assert.deepEqual(await minter.mint('flow-1', signal), server.keys);
  assert.equal(minter.lifetimeSeconds, undefined);
});

test('tells wrong keys from a store that is away', async () => {
  const wrong = createCredentialMinter(settings(), { ...server.keys, secretAccessKey: 'wrong' });
  await assert.rejects(wrong.mint('flow-1', signal), { code: 'store-refused' });
  await using proxy = await startFaultyProxy(server.endpoint);
  proxy.fault = () => ({ kind: 'status', when: 'before', status: 503 });
  const busy = createCredentialMinter(settings({ endpoint: proxy.url }), server.keys);
  await assert.rejects(busy.mint('flow-1', signal), { code: 'store-unavailable' });
  proxy.fault = () => ({ kind: 'hang', when: 'before' });
  const silent = createCredentialMinter(
    settings({ endpoint: proxy.url, requestTimeoutMillis: 50 }),
    server.keys,
  );
  await assert.rejects(silent.mint('flow-1', signal), { code: 'store-unavailable' });
});

test('keeps the session policy within what S3 servers take, for the longest names', () => {
  assert.ok(sessionPolicy('b'.repeat(63), 'f'.repeat(63)).length <= 2048);
});
