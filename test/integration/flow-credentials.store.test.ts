import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Client } from 'minio';
import { credentialsSecretName } from '../../src/flow/names.ts';
import { createCredentialMinter, type ScopedCredentials } from '../../src/storage/mint-credentials.ts';
import { needing } from '../support/needs.ts';
import { s3Client } from '../support/s3-client.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

/** What another flow's pod has stored, and what the service keeps beside it. */
const theirs = 'files/private.txt';
const secretBytes = 'nobody else may read this';

test('the store’s keys of a flow’s pod', async (t) => {
  const { world, mine, other } = await twoFlows(t);
  const keys = await keysOf(world, mine);
  const flow: Parties = { world, mine, other, keys, ...scoped(world, keys) };
  await t.test('do what its sidecar needs, within the flow’s own results', () => doTheirWork(flow));
  await t.test(
    'reach nothing of another flow, and not the flow’s own record',
    needing('session policies'),
    (st) => reachNothingElse(st, flow),
  );
  await t.test('cannot get more keys', needing('session policies'), () => getNoOthers(flow));
  await t.test('are its own and expire, or the configured ones where the store can mint none', () =>
    areItsOwn(flow),
  );
});

interface Parties {
  world: World;
  mine: string;
  other: string;
  keys: ScopedCredentials;
  /** With these keys. */
  client: Client;
  bucket: string;
}

async function doTheirWork({ world, mine, client, bucket }: Parties): Promise<void> {
  const key = `flows/${mine}/attempt/files/large`;
  await client.putObject(bucket, `flows/${mine}/attempt/files/a`, 'a');
  await client.statObject(bucket, `flows/${mine}/attempt/files/a`);
  const { etag } = await uploadInParts(client, bucket, key);
  assert.match(etag, /-2$/);
  const left = await client.initiateNewMultipartUpload(bucket, key, {});
  await client.abortMultipartUpload(bucket, key, left);
  assert.deepEqual(await world.bucket.openUploads(mine), []);
  const listed = await client.listObjectsV2Query(bucket, `flows/${mine}/`, '', '', 1000, '');
  assert.ok(listed.objects.some(({ name }) => name === key));
}

async function reachNothingElse(
  t: TestContext,
  { world, mine, other, client, bucket }: Parties,
): Promise<void> {
  const operator = world.bucket.client;
  const foreign = `flows/${other}/attempt/${theirs}`;
  const open = await operator.initiateNewMultipartUpload(bucket, foreign, {});
  const acts: Record<string, () => Promise<unknown>> = {
    'reads an object': () => client.getObject(bucket, foreign),
    'reads a part of it': () => client.getPartialObject(bucket, foreign, 0, 3),
    'looks at it': () => client.statObject(bucket, foreign),
    'overwrites it': () => client.putObject(bucket, foreign, 'x'),
    'adds one beside it': () => client.putObject(bucket, `flows/${other}/attempt/files/new`, 'x'),
    'deletes it': () => client.removeObject(bucket, foreign),
    'deletes its own': () => client.removeObject(bucket, `flows/${mine}/attempt/files/a`),
    'copies it to its own': () =>
      client.copyObject(bucket, `flows/${mine}/attempt/files/copy`, `/${bucket}/${foreign}`),
    'lists the other flow': () => client.listObjectsV2Query(bucket, `flows/${other}/`, '', '', 1000, ''),
    'lists all flows': () => client.listObjectsV2Query(bucket, 'flows/', '', '', 1000, ''),
    'lists the bucket': () => client.listObjectsV2Query(bucket, '', '', '', 1000, ''),
    'lists the open uploads': () => client.listIncompleteUploadsQuery(bucket, '', '', '', ''),
    'begins an upload': () => client.initiateNewMultipartUpload(bucket, foreign, {}),
    'adds a part to one': () => putPart(client, { bucket, key: foreign, uploadId: open, number: 1 }),
    'completes one': () => client.completeMultipartUpload(bucket, foreign, open, [{ part: 1, etag: 'a' }]),
    'aborts one': () => client.abortMultipartUpload(bucket, foreign, open),
    'reads a record': () => client.getObject(bucket, `flows/${other}/record.json`),
    'forges its own record': () => client.putObject(bucket, `flows/${mine}/record.json`, '{}'),
    'changes its own environment': () => client.putObject(bucket, `flows/${mine}/environment-1.json`, '{}'),
    'changes the log of its own worker': () => client.putObject(bucket, `flows/${mine}/log-1.txt`, '{}'),
    'writes beside all flows': () => client.putObject(bucket, 'x', 'x'),
    'takes the name of its flow for another': () => client.putObject(bucket, `flows/${mine}x/a/b`, 'x'),
    'makes a bucket': () => client.makeBucket(`${bucket}-more`),
    'deletes the bucket': () => client.removeBucket(bucket),
  };
  for (const [name, act] of Object.entries(acts)) {
    // A HEAD has no body to name its refusal.
    await t.test(`refused: it ${name}`, () => assert.rejects(act(), { code: /^(AccessDenied|Forbidden)$/ }));
  }
  await operator.abortMultipartUpload(bucket, foreign, open);
  assert.equal((await world.bucket.read(foreign)).toString(), secretBytes);
  // Its own pod may have reported its progress meanwhile.
  const left = (await world.bucket.results(other)).filter((one) => one.includes('/attempt/'));
  assert.deepEqual(left, [foreign]);
}

async function getNoOthers({ world, keys }: Parties): Promise<void> {
  const { s3 } = world.servers;
  const settings = { bucket: world.bucket.name, credentialSeconds: 900, requestTimeoutMillis: 30_000 };
  const minter = createCredentialMinter({ ...settings, credentials: 'sts', sts: s3 }, keys);
  await assert.rejects(minter.mint({ flow: 'another' }, AbortSignal.timeout(30_000)), {
    code: 'store-forbidden',
  });
}

async function areItsOwn({ world, mine, other, keys }: Parties): Promise<void> {
  const others = await keysOf(world, other);
  const { accessKeyId, secretAccessKey, credentials } = world.servers.s3;
  if (credentials === 'static') {
    assert.deepEqual([keys, others], Array(2).fill({ accessKeyId, secretAccessKey }));
    return;
  }
  assert.equal(new Set([accessKeyId, keys.accessKeyId, others.accessKeyId]).size, 3);
  assert.ok(Date.parse(keys.expiration ?? '') > Date.now());
  const { client, bucket } = scoped(world, { ...keys, sessionToken: others.sessionToken ?? '' });
  await assert.rejects(client.getObject(bucket, `flows/${mine}/attempt/files/a`), /token|denied|signature/i);
}

/** Two flows that wait at the gate, so that both have their keys; the second one has stored something. */
async function twoFlows(t: TestContext): Promise<{ world: World; mine: string; other: string }> {
  const world = await startWorld(t);
  const flows = [1, 2].map(() => world.flowOf(world.connector().startTransfer({ assetId: 'gated' })));
  const [mine, other] = flows as [string, string];
  await world.bucket.write(`flows/${mine}/attempt/files/a`, 'mine');
  await world.bucket.write(`flows/${other}/attempt/${theirs}`, secretBytes);
  for (const flow of flows)
    await waitUntil('the flow has its keys', async () => (await secretOf(world, flow)) !== undefined);
  return { world, mine, other };
}

async function secretOf(world: World, flow: string) {
  const secrets = await world.namespace.secrets(flow);
  return secrets.find(({ metadata }) => metadata?.name === credentialsSecretName(flow))?.data;
}

/** As the pod's mounted Secret holds them. */
async function keysOf(world: World, flow: string): Promise<ScopedCredentials> {
  const data = Object.entries((await secretOf(world, flow)) ?? {});
  const keys = data.map(([name, value]) => [name, Buffer.from(value, 'base64').toString()] as const);
  // Static keys have no token and no end: an empty member takes away what was minted before.
  return Object.fromEntries(keys.filter(([, value]) => value !== '')) as unknown as ScopedCredentials;
}

function scoped(world: World, keys: ScopedCredentials): { client: Client; bucket: string } {
  return { client: s3Client(world.servers.s3, keys), bucket: world.bucket.name };
}

async function uploadInParts(client: Client, bucket: string, key: string) {
  const uploadId = await client.initiateNewMultipartUpload(bucket, key, {});
  const parts = await Promise.all([1, 2].map((number) => putPart(client, { bucket, key, uploadId, number })));
  return await client.completeMultipartUpload(bucket, key, uploadId, parts);
}

interface TestPart {
  bucket: string;
  key: string;
  uploadId: string;
  number: number;
}

async function putPart(client: Client, { bucket, key, uploadId, number }: TestPart) {
  const payload = Buffer.alloc(5 * 1024 * 1024, number);
  const part = { bucketName: bucket, objectName: key, uploadID: uploadId, partNumber: number, headers: {} };
  return await client.uploadPart(part, payload);
}
