import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucket, keys, openStore } from './open-store.ts';
import { sendPlain, sendSigned, signedTarget, verdict, type SignedRequest } from './signed-request.ts';

const minute = 60_000;
const object = `/${bucket}/a.txt`;

const refusals: ({ name: string; refused: string } & Partial<SignedRequest>)[] = [
  {
    name: 'a wrong secret',
    keys: { ...keys, secretAccessKey: 'other' },
    refused: '403 SignatureDoesNotMatch',
  },
  { name: 'an unknown key', keys: { ...keys, accessKeyId: 'nobody' }, refused: '403 InvalidAccessKeyId' },
  {
    name: 'a token with the long-lived key',
    keys: { ...keys, sessionToken: 'x' },
    refused: '403 InvalidTokenId',
  },
  { name: 'another region', region: 'eu-west-1', refused: '400 AuthorizationHeaderMalformed' },
  { name: 'another service', service: 'sts', refused: '400 AuthorizationHeaderMalformed' },
  {
    name: 'an x-amz header that is not signed',
    unsignedHeaders: { 'x-amz-meta-added': 'later' },
    refused: '403 AccessDenied',
  },
  {
    name: 'a second signature in the query',
    path: `${object}?X-Amz-Signature=${'0'.repeat(64)}`,
    refused: '400 InvalidArgument',
  },
  {
    name: 'a signature of version 2',
    path: `${object}?Signature=abc`,
    unsignedHeaders: { authorization: '' },
    refused: '400 InvalidRequest',
  },
  { name: 'a parameter given twice', path: `/${bucket}?prefix=a&prefix=b`, refused: '400 InvalidArgument' },
];

for (const { name, refused, ...request } of refusals) {
  test(`a request with ${name} is refused with ${refused}`, async () => {
    await using store = await openStore();
    await store.client.putObject(bucket, 'a.txt', 'content');
    assert.equal(verdict(await store.send({ path: object, ...request })), refused);
  });
}

test('a request without a signature is refused and changes nothing', async () => {
  await using store = await openStore();
  const put = await sendPlain(store.url, { method: 'PUT', path: `/${bucket}/new`, body: 'content' });
  assert.equal(verdict(put), '403 AccessDenied');
  assert.equal(verdict(await store.send({ path: `/${bucket}/new` })), '404 NoSuchKey');
});

test('a signature does not hold for another path, query or method', async () => {
  await using store = await openStore();
  await store.client.putObject(bucket, 'a.txt', 'content');
  await store.client.putObject(bucket, 'b.txt', 'other');
  const { path, headers } = signedTarget(store.url, { path: object, keys });
  assert.equal((await sendPlain(store.url, { path, headers })).text, 'content');
  for (const [method, other] of [
    ['GET', `/${bucket}/b.txt`],
    ['GET', `${object}?response-content-type=text/html`],
    ['DELETE', object],
  ] as const) {
    const reply = await sendPlain(store.url, { method, path: other, headers });
    assert.equal(verdict(reply), '403 SignatureDoesNotMatch', `${method} ${other}`);
  }
});

test('a request may be signed up to 15 minutes from the time of the store', async () => {
  await using store = await openStore();
  const { now } = store.clock;
  for (const [offset, expected] of [
    [-14 * minute, '200'],
    [14 * minute, '200'],
    [-16 * minute, '403 RequestTimeTooSkewed'],
    [16 * minute, '403 RequestTimeTooSkewed'],
  ] as const) {
    assert.equal(
      verdict(await store.send({ path: `/${bucket}`, time: now + offset })),
      expected,
      String(offset),
    );
  }
});

test('a presigned URL reads and overrides headers until it expires', async () => {
  await using store = await openStore();
  await store.client.putObject(bucket, 'a.txt', 'content');
  const disposition = 'attachment; filename="x.txt"';
  const query = { 'response-content-disposition': disposition };
  const url = new URL(await store.client.presignedGetObject(bucket, 'a.txt', 60, query));
  const path = url.pathname + url.search;
  const reply = await sendPlain(store.url, { path });
  assert.equal(reply.text, 'content');
  assert.equal(reply.headers['content-disposition'], disposition);
  store.clock.now += 59_000;
  assert.equal(verdict(await sendPlain(store.url, { path })), '200');
  store.clock.now += 3_000;
  assert.equal(verdict(await sendPlain(store.url, { path })), '403 AccessDenied');
});

test('a presigned URL takes an upload of the key it names alone', async () => {
  await using store = await openStore();
  const url = new URL(await store.client.presignedPutObject(bucket, 'up', 60));
  const put = { method: 'PUT', path: url.pathname + url.search, body: 'sent' };
  assert.equal(verdict(await sendPlain(store.url, put)), '200');
  assert.equal((await store.send({ path: `/${bucket}/up` })).text, 'sent');
  const elsewhere = { ...put, path: `/${bucket}/down${url.search}` };
  assert.equal(verdict(await sendPlain(store.url, elsewhere)), '403 SignatureDoesNotMatch');
});

const presigned: {
  name: string;
  seconds: number;
  offset?: number;
  change?: (path: string) => string;
  refused: string;
}[] = [
  { name: 'for more than 7 days', seconds: 604_801, refused: '400 AuthorizationQueryParametersError' },
  { name: 'for no time', seconds: 0, refused: '400 AuthorizationQueryParametersError' },
  { name: 'signed for a time to come', seconds: 60, offset: 20 * minute, refused: '403 AccessDenied' },
  {
    name: 'whose expiry was made longer',
    seconds: 60,
    change: (path) => path.replace('X-Amz-Expires=60', 'X-Amz-Expires=600'),
    refused: '403 SignatureDoesNotMatch',
  },
  {
    name: 'whose signature was changed',
    seconds: 60,
    change: (path) => path.replace(/Signature=(.)/, (_, digit) => `Signature=${digit === '0' ? '1' : '0'}`),
    refused: '403 SignatureDoesNotMatch',
  },
];

for (const { name, seconds, offset = 0, change = String, refused } of presigned) {
  test(`a presigned URL ${name} is refused`, async () => {
    await using store = await openStore();
    await store.client.putObject(bucket, 'a.txt', 'content');
    const time = store.clock.now + offset;
    const { path } = signedTarget(store.url, { path: object, keys, presign: seconds, time });
    assert.equal(verdict(await sendPlain(store.url, { path: change(path) })), refused);
  });
}

test('a presigned URL of 7 days works on its last day', async () => {
  await using store = await openStore();
  await store.client.putObject(bucket, 'a.txt', 'content');
  const { path } = signedTarget(store.url, { path: object, keys, presign: 604_800, time: store.clock.now });
  store.clock.now += 604_000_000;
  assert.equal((await sendPlain(store.url, { path })).text, 'content');
});

test('an error has its code, resource and request id in XML', async () => {
  await using store = await openStore();
  const reply = await sendSigned(store.url, { path: `/${bucket}/no%26thing`, keys });
  assert.equal(reply.headers['content-type'], 'application/xml');
  assert.match(
    reply.text,
    /<Code>NoSuchKey<\/Code>.*<Resource>\/results\/no%26thing<\/Resource>.*<Key>no&amp;thing</,
  );
  assert.match(reply.text, new RegExp(`<RequestId>${reply.headers['x-amz-request-id'] ?? 'none'}<`));
});
