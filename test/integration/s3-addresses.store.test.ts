import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import type { DataAddress } from 'connector-simulator';
import type { Client } from 'minio';
import { needing } from '../support/needs.ts';
import { startWorld } from '../support/start-world.ts';
import { s3Client, storedKeys } from '../support/s3-client.ts';
import { shellTemplate } from '../support/shell-template.ts';
import { startMessage, type Callback } from '../support/signaling-callbacks.ts';
import { message, startScene } from '../support/signaling-scene.ts';
import { waitUntil } from '../support/wait-until.ts';

const script = `cd "$RESULT_DIRECTORY"; printf one > a.txt; printf two > "ü b.txt"`;

function s3Template(results: object = {}): Record<string, string> {
  const template = { description: 'Writes two files.', results, dataAddress: 's3' };
  return { ...shellTemplate({ script }), 'template.yaml': JSON.stringify(template) };
}

const templates = { files: s3Template(), file: s3Template({ file: 'ü b.txt' }) };
const profiles = ['HttpData-PULL', 'AmazonS3-PULL'];
const denied = { code: /^(AccessDenied|Forbidden)$/ };

type Address = NonNullable<Callback['body']['dataAddress']>;

/** Reads as its receiver does, with nothing but the address. */
function receiverOf(address: Pick<Address, 'endpoint' | 'endpointProperties'> | undefined) {
  const entries = (address?.endpointProperties ?? []).map(({ name, value }) => [name, value] as const);
  const properties: Record<string, string> = Object.fromEntries(entries);
  const { region = '', bucketName: bucket = '', objectName = '', objectPrefix = '' } = properties;
  const { accessKeyId = '', secretAccessKey = '', sessionToken = '', endpointOverride = '' } = properties;
  const client = s3Client(
    { endpoint: endpointOverride, region },
    { accessKeyId, secretAccessKey, sessionToken },
  );
  return { client, bucket, objectName, objectPrefix, properties };
}

async function contentsOf(client: Client, bucket: string, prefix: string): Promise<string[]> {
  const keys = await storedKeys({ client, bucket }, prefix);
  const contents = await Promise.all(
    keys.map(async (key) => (await buffer(await client.getObject(bucket, key))).toString()),
  );
  return contents.sort();
}

test(
  'the consumer of a signaling pull reads the results of its flow from the store, and nothing else',
  needing('session policies'),
  async (t) => {
    const { world, controlPlane, send, flowOf } = await startScene(t, { profiles }, { templates });
    const { callbacks } = controlPlane;
    const plain = await send('start', startMessage({ datasetId: 'files' }));
    assert.equal(plain.status, 400);
    assert.match(
      plain.body.detail ?? '',
      /^profile: expected one for addresses of S3, such as AmazonS3-PULL/,
    );

    async function started(datasetId: string) {
      const start = startMessage({ datasetId, profile: 'AmazonS3-PULL' });
      assert.equal((await send('start', start)).status, 202);
      const path = `/transfers/${start.processId}/dataflow/started`;
      const found = await waitUntil('it is started', () => callbacks.find((one) => one.path === path));
      assert.equal(found.body.dataAddress?.endpointType, 'AmazonS3');
      return { processId: start.processId, path, ...receiverOf(found.body.dataAddress) };
    }
    const other = await started('file');
    controlPlane.answerNext(503);
    const mine = await started('files');

    await t.test('it lists and reads the files of its own', async () => {
      assert.deepEqual(await contentsOf(mine.client, mine.bucket, mine.objectPrefix), ['one', 'two']);
      const chosen = await other.client.getObject(other.bucket, other.objectName);
      assert.equal((await buffer(chosen)).toString(), 'two');
    });

    await t.test('it can do nothing else', async () => {
      const { client, bucket } = mine;
      const prefixes = [
        '',
        'flows/',
        `flows/${flowOf(mine.processId)}/`,
        `flows/${flowOf(other.processId)}/`,
      ];
      for (const prefix of prefixes)
        await assert.rejects(storedKeys({ client, bucket }, prefix), denied, prefix);
      const manifest = mine.objectPrefix.replace(/files\/$/, 'manifest.json');
      for (const key of [other.objectName, manifest, `flows/${flowOf(mine.processId)}/record.json`])
        await assert.rejects(client.getObject(bucket, key), denied, key);
      await assert.rejects(client.putObject(bucket, `${mine.objectPrefix}more`, 'x'), denied);
      await assert.rejects(client.removeObject(bucket, `${mine.objectPrefix}a.txt`), denied);
      await assert.rejects(storedKeys(other, `flows/${flowOf(other.processId)}/`), denied);
    });

    await t.test('a repeated delivery and a resume have new keys', async () => {
      const repeated = await waitUntil('it was delivered again', () => {
        const all = callbacks.filter(({ path }) => path === mine.path);
        return all.length > 1 ? all : undefined;
      });
      const keys = repeated.map(({ body }) => receiverOf(body.dataAddress).properties['accessKeyId']);
      await send(`${mine.processId}/suspend`, message());
      const resumed = await send(`${mine.processId}/resume`, message());
      const { client, bucket, objectPrefix, properties } = receiverOf(resumed.body.dataAddress);
      assert.equal(new Set([...keys, properties['accessKeyId']]).size, 3);
      assert.deepEqual(await contentsOf(client, bucket, objectPrefix), ['one', 'two']);
    });

    await t.test('no key is kept in the cluster, in the bucket or in the log', async () => {
      const record = await waitUntil('it is recorded', () => world.bucket.record(flowOf(mine.processId)));
      const kept = JSON.stringify([await world.namespace.jobs(), record, world.service.log]);
      for (const name of ['accessKeyId', 'secretAccessKey', 'sessionToken'])
        assert.ok(!kept.includes(mine.properties[name] ?? assert.fail(name)), name);
    });

    await t.test('it reads nothing more after a termination', async () => {
      await send(`${mine.processId}/terminate`, message());
      await waitUntil('the results are deleted', async () => {
        return (await world.bucket.results(flowOf(mine.processId))).length === 0;
      });
      assert.deepEqual(await storedKeys(mine, mine.objectPrefix), []);
      await assert.rejects(mine.client.getObject(mine.bucket, `${mine.objectPrefix}a.txt`));
    });
  },
);

const namespace = 'https://w3id.org/edc/v0.0.1/ns/';

/** What the data plane of a connector reads, with the keys that it found in its vault. */
interface SourceRead {
  client: Client;
  bucket: string;
  prefix: string;
  secret: Record<string, string>;
}

/** The source of S3 of a data plane. It reads keys from its vault alone, as EDC's does. */
function recordingSource() {
  const reads: SourceRead[] = [];
  async function openS3(address: DataAddress, value: string | undefined): Promise<Readable> {
    const secret = JSON.parse(value ?? assert.fail('its vault has no such secret')) as Record<string, string>;
    const [bucket = '', prefix = ''] = ['bucketName', 'objectPrefix'].map(
      (name) => address[namespace + name],
    );
    const { accessKeyId = '', secretAccessKey = '', sessionToken = '' } = secret;
    const keys = { accessKeyId, secretAccessKey, sessionToken };
    const endpoint = address[`${namespace}endpointOverride`] ?? '';
    const client = s3Client({ endpoint, region: address[`${namespace}region`] ?? '' }, keys);
    reads.push({ client, bucket, prefix, secret });
    return Readable.from(await contentsOf(client, bucket, prefix));
  }
  return { reads, openS3 };
}

test(
  'data planes read the results of a push from the store, with keys from their vault',
  needing('session policies'),
  async (t) => {
    const versions = ['0.15.1-data-plane', '0.18.0'] as const;
    const planes = versions.map((version) => {
      const name = `dp-${version.replaceAll('.', '-')}`;
      return { name, version, vault: new Map<string, string>(), ...recordingSource() };
    });
    const world = await startWorld(t, {
      templates: { files: templates.files },
      connectors: planes.map(({ name, version, vault, openS3 }) => ({
        ...{ name, version, vault, openS3, asked: true, template: 'files', requestRetryMillis: 50 },
        settings: { dialect: 'data-plane', vault: 'secrets-api', templates: ['files'] },
      })),
    });
    await Promise.all(
      planes.map(({ name, version, vault, reads }) =>
        t.test(`release ${version}`, async () => {
          const connector = world.connector(name);
          const { id } = connector.startTransfer({ assetId: 'any' });
          const { consumer, disclosed } = await connector.waitFor(
            id,
            ({ dataFlow }) => dataFlow === 'DEPROVISIONED',
          );
          assert.equal(consumer.state, 'COMPLETED');
          const [received] = connector.received(id);
          assert.equal(await readFile(received?.path ?? '', 'utf8'), 'onetwo');
          assert.deepEqual([...vault], [], 'the deprovision has removed the keys');
          const [read, ...more] = reads;
          assert.ok(read !== undefined && more.length === 0);
          const { client, bucket, prefix, secret } = read;
          assert.deepEqual(await storedKeys({ client, bucket }, prefix), [], 'the results are deleted');
          await assert.rejects(storedKeys({ client, bucket }, 'flows/'), denied);
          const kept = JSON.stringify([disclosed, await world.namespace.jobs(), world.service.log]);
          for (const member of ['accessKeyId', 'secretAccessKey', 'sessionToken'])
            assert.ok(!kept.includes(secret[member] ?? assert.fail(member)), member);
        }),
      ),
    );
  },
);
