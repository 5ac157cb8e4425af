import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import type { ReadableObjects } from '../../../src/flow/outcome.ts';
import { createReadAccess, readPolicy, type ReadAccessSettings } from '../../../src/storage/read-access.ts';
import { needing } from '../../support/needs.ts';
import { s3Client, storedKeys } from '../../support/s3-client.ts';
import { openTestStore, type TestStore } from '../../support/test-store.ts';

const results = 'flows/flow-1/uid/files/';
let server: TestStore;
before(async () => {
  server = await openTestStore();
  for (const key of [
    `${results}a`,
    `${results}a.txt`,
    'flows/flow-1/uid/manifest.json',
    'flows/flow-10/uid/files/a',
  ])
    await server.client.putObject(server.bucket, key, key);
});
after(async () => server[Symbol.asyncDispose]());

const { signal } = new AbortController();

async function granted(objects: ReadableObjects, changed: Partial<ReadAccessSettings> = {}) {
  const { endpoint, region, bucket, keys } = server;
  const access = createReadAccess(
    {
      ...{ bucket, region, credentials: 'sts', publicEndpoint: 'https://s3.example.org' },
      ...{ sts: { endpoint, region }, requestTimeoutMillis: 30_000, ...changed },
    },
    keys,
  );
  const address = await access.grant({ flow: 'flow-1', objects, seconds: 900 }, signal);
  return { address, client: s3Client(server, address.keys), bucket };
}

const denied = { code: /^(AccessDenied|Forbidden)$/ };

test('keys of a prefix read and list below it, and nothing else', needing('session policies'), async () => {
  const { address, client, bucket } = await granted({ prefix: results });
  assert.deepEqual(
    { ...address, keys: undefined },
    {
      ...{ endpoint: 'https://s3.example.org', region: server.region, bucket },
      ...{ objects: { prefix: results }, keys: undefined },
    },
  );
  const left = (Date.parse(address.keys.expiration) - Date.now()) / 1000;
  assert.ok(left > 600 && left <= 901, address.keys.expiration);
  assert.deepEqual(await storedKeys({ client, bucket }, results), [`${results}a`, `${results}a.txt`]);
  assert.equal(await text(await client.getObject(bucket, `${results}a`)), `${results}a`);
  for (const key of ['flows/flow-1/uid/manifest.json', 'flows/flow-10/uid/files/a', 'flows/flow-1/uid/files'])
    await assert.rejects(client.getObject(bucket, key), denied, key);
  for (const prefix of ['', 'flows/', 'flows/flow-1/', 'flows/flow-10/'])
    await assert.rejects(storedKeys({ client, bucket }, prefix), denied, prefix);
  await assert.rejects(client.putObject(bucket, `${results}b`, 'x'), denied);
  await assert.rejects(client.removeObject(bucket, `${results}a`), denied);
});

test('keys of one object read it alone, and list nothing', needing('session policies'), async () => {
  const { client, bucket } = await granted({ key: `${results}a` });
  assert.equal(await text(await client.getObject(bucket, `${results}a`)), `${results}a`);
  await assert.rejects(client.getObject(bucket, `${results}a.txt`), denied);
  await assert.rejects(storedKeys({ client, bucket }, results), denied);
  await assert.rejects(client.putObject(bucket, `${results}a`, 'x'), denied);
});

test('the keys of the service are never handed out in place of minted ones', async () => {
  await assert.rejects(granted({ prefix: results }, { credentials: 'static' }), {
    code: 'store-refused',
    message: 'store.credentials is static: no keys can be minted',
  });
});

test('the policy is within what S3 servers take, for the longest names', () => {
  const inBucket = `arn:aws-us-gov:s3:::${'b'.repeat(63)}`;
  assert.ok(readPolicy(inBucket, { key: 'k'.repeat(1024) }).length <= 2048);
  const prefix = `flows/${'f'.repeat(63)}/${'u'.repeat(253)}/files/`;
  assert.ok(readPolicy(inBucket, { prefix }).length <= 2048);
});
