import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, test, type TestContext } from 'node:test';
import {
  createCredentialMinter,
  type MinterSettings,
  sessionPolicy,
} from '../../../src/storage/mint-credentials.ts';
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
  return { sts: { endpoint, region }, bucket, credentials: 'sts', ...times, ...changed };
}

const { signal } = new AbortController();

test(
  'mints keys that write and read below their flow and nowhere else',
  needing('session policies'),
  async () => {
    const minter = createCredentialMinter(settings(), server.keys);
    const keys = await minter.mint({ flow: 'flow-1' }, signal);
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

test('the keys of a flow read its inputs, and nothing beside them', needing('session policies'), async () => {
  const { bucket, client } = server;
  const input = { name: 'a', path: '/inputs/a', maxBytes: 9, etag: 'e', size: 5 };
  const keys = ['uploads/1/content', 'uploads/10/content', 'uploads/1/upload.json'];
  for (const key of keys) await client.putObject(bucket, key, 'bytes');
  const minter = createCredentialMinter(settings(), server.keys);
  const inputs = [{ ...input, key: 'uploads/1/content' }];
  const scoped = s3Client(server, await minter.mint({ flow: 'flow-1', inputs }, signal));
  assert.equal(await text(await scoped.getObject(bucket, 'uploads/1/content')), 'bytes');
  const denied = { code: 'AccessDenied' };
  for (const key of keys.slice(1)) await assert.rejects(scoped.getObject(bucket, key), denied, key);
  await assert.rejects(scoped.putObject(bucket, 'uploads/1/content', 'x'), denied);
});

test('hands out the configured keys where the store has no STS', async () => {
  const minter = createCredentialMinter(settings({ credentials: 'static' }), server.keys);
  assert.deepEqual(await minter.mint({ flow: 'flow-1' }, signal), server.keys);
  assert.equal(minter.lifetimeSeconds, undefined);
});

test('keys that the store refuses are forbidden', needing('session policies'), async () => {
  const wrong = createCredentialMinter(settings(), { ...server.keys, secretAccessKey: 'wrong' });
  await assert.rejects(wrong.mint({ flow: 'flow-1' }, signal), { code: 'store-forbidden' });
});

test('a store that is busy or silent is unavailable', async () => {
  const { region } = server;
  await using proxy = await startFaultyProxy(server.endpoint);
  proxy.fault = () => ({ kind: 'status', when: 'before', status: 503 });
  const busy = createCredentialMinter(settings({ sts: { endpoint: proxy.url, region } }), server.keys);
  await assert.rejects(busy.mint({ flow: 'flow-1' }, signal), { code: 'store-unavailable' });
  proxy.fault = () => ({ kind: 'hang', when: 'before' });
  const silent = createCredentialMinter(
    settings({ sts: { endpoint: proxy.url, region }, requestTimeoutMillis: 50 }),
    server.keys,
  );
  await assert.rejects(silent.mint({ flow: 'flow-1' }, signal), { code: 'store-unavailable' });
});

/** As AWS answers; what the request was is kept. */
async function startSts(t: TestContext, expiration = '2026-01-01T01:00:00Z') {
  const seen: { headers: IncomingHttpHeaders; form: URLSearchParams }[] = [];
  const sts = createServer((request, response) => {
    void text(request).then((body) => {
      seen.push({ headers: request.headers, form: new URLSearchParams(body) });
      const members = { AccessKeyId: 'ASIA1', SecretAccessKey: 'se/cr+et', SessionToken: 'to+ken==' };
      const times = { Expiration: expiration };
      const xml = Object.entries({ ...members, ...times }).map(
        ([name, value]) => `<${name}>${value}</${name}>`,
      );
      response.end(
        `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>${xml.join('')}</Credentials></AssumeRoleResult></AssumeRoleResponse>`,
      );
    });
  });
  sts.listen(0, '127.0.0.1');
  await once(sts, 'listening');
  t.after(() => sts.close());
  const sockets: Socket[] = [];
  sts.on('connection', (socket) => sockets.push(socket));
  return { endpoint: `http://127.0.0.1:${(sts.address() as AddressInfo).port}`, seen, sockets };
}

test('asks an STS of its own for a role, signed for its host and region, and reads the answer as AWS gives it', async (t) => {
  const { endpoint, seen } = await startSts(t);
  const sts = { endpoint, region: 'eu-central-1', roleArn: 'arn:aws-eusc:iam::123456789012:role/flows' };
  const minter = createCredentialMinter(settings({ sts }), server.keys);
  assert.deepEqual(await minter.mint({ flow: 'flow-1' }, signal), {
    accessKeyId: 'ASIA1',
    secretAccessKey: 'se/cr+et',
    sessionToken: 'to+ken==',
    expiration: '2026-01-01T01:00:00Z',
  });
  const { headers, form } = seen[0] ?? { headers: {}, form: new URLSearchParams() };
  assert.equal(headers.host, new URL(endpoint).host);
  assert.match(
    headers.authorization ?? '',
    /Credential=[^,]+\/eu-central-1\/sts\/aws4_request, SignedHeaders=[^,]*host/,
  );
  assert.deepEqual(Object.fromEntries([...form].filter(([name]) => name !== 'Policy')), {
    Action: 'AssumeRole',
    Version: '2011-06-15',
    RoleArn: sts.roleArn,
    RoleSessionName: 'flow-1',
    DurationSeconds: '900',
  });
  assert.equal(form.get('Policy'), sessionPolicy(`arn:aws-eusc:s3:::${server.bucket}`, { flow: 'flow-1' }));
});

test('takes the life that was asked for where the answer tells no readable time', async (t) => {
  const { endpoint } = await startSts(t, 'in an hour');
  const minter = createCredentialMinter(settings({ sts: { endpoint, region: 'us-east-1' } }), server.keys);
  const { expiration } = await minter.mint({ flow: 'flow-1' }, signal);
  assert.ok(Date.parse(expiration ?? '') > Date.now(), expiration);
});

test('names no role where none is configured', async (t) => {
  const { endpoint, seen } = await startSts(t);
  const minter = createCredentialMinter(settings({ sts: { endpoint, region: 'us-east-1' } }), server.keys);
  await minter.mint({ flow: 'flow-1' }, signal);
  assert.equal(seen[0]?.form.has('RoleArn'), false);
});

test('keeps the session policy within what S3 servers take, for the longest names', () => {
  assert.ok(sessionPolicy(`arn:aws-us-gov:s3:::${'b'.repeat(63)}`, { flow: 'f'.repeat(63) }).length <= 2048);
});

test('flows that start one after another share a connection, which is let go when none follows', async (t) => {
  const { endpoint, seen, sockets } = await startSts(t);
  const minter = createCredentialMinter(settings({ sts: { endpoint, region: 'us-east-1' } }), server.keys);
  for (const flow of ['flow-1', 'flow-2', 'flow-3']) await minter.mint({ flow }, signal);
  assert.equal(seen.length, 3);
  const [socket, ...others] = sockets;
  assert.ok(socket !== undefined);
  assert.equal(others.length, 0);
  if (!socket.closed) await once(socket, 'close');
});
