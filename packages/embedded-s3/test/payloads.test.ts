import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { test } from 'node:test';
import { waitUntil } from './wait-until.ts';
import { bucket, keys, openStore } from './open-store.ts';
import { sendPlain, sendSigned, signedTarget, verdict, type SignedRequest } from './signed-request.ts';
import { signedChunks } from './signed-chunks.ts';

const path = `/${bucket}/object`;
const body = '123456789';
// The check values of this text are published with each of the algorithms.
const checksums: Record<string, string> = {
  crc32: Buffer.from('cbf43926', 'hex').toString('base64'),
  crc32c: Buffer.from('e3069283', 'hex').toString('base64'),
  sha256: createHash('sha256').update(body).digest('base64'),
};

for (const [name, value] of Object.entries(checksums)) {
  const header = `x-amz-checksum-${name}`;

  test(`the ${name} of an upload is checked, kept and returned when asked for`, async () => {
    await using store = await openStore();
    const put = await store.send({ method: 'PUT', path, body, headers: { [header]: value } });
    assert.equal(put.headers[header], value);
    const wanted = { 'x-amz-checksum-mode': 'ENABLED' };
    assert.equal((await store.send({ method: 'HEAD', path, headers: wanted })).headers[header], value);
    assert.equal((await store.send({ method: 'HEAD', path })).headers[header], undefined);
    const wrong = Buffer.alloc(Buffer.from(value, 'base64').length).toString('base64');
    const bad = await store.send({ method: 'PUT', path: `${path}2`, body, headers: { [header]: wrong } });
    assert.equal(verdict(bad), '400 BadDigest');
    assert.equal(verdict(await store.send({ path: `${path}2` })), '404 NoSuchKey');
  });

  test(`the ${name} of an upload may come in a trailer`, async () => {
    await using store = await openStore();
    function trailed(sum: string): SignedRequest {
      return {
        method: 'PUT',
        path,
        body: `4\r\n1234\r\n5\r\n56789\r\n0\r\n${header}:${sum}\r\n\r\n`,
        payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
        headers: {
          'content-encoding': 'aws-chunked',
          'x-amz-decoded-content-length': '9',
          'x-amz-trailer': header,
        },
      };
    }
    const wrong = Buffer.alloc(Buffer.from(value, 'base64').length).toString('base64');
    assert.equal(verdict(await store.send(trailed(wrong))), '400 BadDigest');
    assert.equal(verdict(await store.send({ path })), '404 NoSuchKey');
    assert.equal(verdict(await store.send(trailed(value))), '200');
    const got = await store.send({ path, headers: { 'x-amz-checksum-mode': 'ENABLED' } });
    assert.equal(got.text, body);
    assert.equal(got.headers[header], value);
    assert.equal(got.headers['content-encoding'], undefined);
  });
}

const otherChecksums: { name: string; headers: Record<string, string>; method?: string; query?: string }[] = [
  { name: 'SHA-1 in a header', headers: { 'x-amz-checksum-sha1': 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=' } },
  { name: 'CRC-64/NVME in a header', headers: { 'x-amz-checksum-crc64nvme': 'rosUhgp5mIg=' } },
  { name: 'CRC-64/NVME in a trailer', headers: { 'x-amz-trailer': 'X-Amz-Checksum-CRC64NVME' } },
  { name: 'SHA-1 announced by a client', headers: { 'x-amz-sdk-checksum-algorithm': 'SHA1' } },
  {
    name: 'SHA-1 for the parts of an upload',
    headers: { 'x-amz-checksum-algorithm': 'SHA1' },
    method: 'POST',
    query: '?uploads',
  },
];

for (const { name, headers, method = 'PUT', query = '' } of otherChecksums) {
  test(`${name} is refused with the checksums that are supported, and nothing is stored`, async () => {
    await using store = await openStore();
    const reply = await store.send({
      method,
      path: path + query,
      body: method === 'PUT' ? body : '',
      headers,
    });
    assert.equal(verdict(reply), '501 NotImplemented');
    assert.match(reply.text, /(SHA1|CRC64NVME).*CRC32, CRC32C, SHA256/);
    assert.equal(verdict(await store.send({ path })), '404 NoSuchKey');
    assert.equal(await store.files(), 0);
  });
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('base64');
}

const mismatches = [
  {
    name: 'another SHA-256 than signed',
    payload: createHash('sha256').update('x').digest('hex'),
    refused: '400 XAmzContentSHA256Mismatch',
  },
  { name: 'another Content-MD5', headers: { 'content-md5': md5('x') }, refused: '400 BadDigest' },
  { name: 'a Content-MD5 that is none', headers: { 'content-md5': 'abc' }, refused: '400 InvalidDigest' },
  { name: 'a payload form that is unknown', payload: 'STREAMING-OTHER', refused: '501 NotImplemented' },
  {
    name: 'two checksums',
    headers: {
      'x-amz-checksum-crc32': checksums['crc32'] ?? '',
      'x-amz-checksum-sha256': checksums['sha256'] ?? '',
    },
    refused: '400 InvalidRequest',
  },
  {
    name: 'more content than 5 GiB announced',
    headers: { 'x-amz-decoded-content-length': '5368709121' },
    payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    refused: '400 EntityTooLarge',
  },
  {
    name: 'chunks that are shorter than announced',
    headers: { 'x-amz-decoded-content-length': '10' },
    payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    body: `9\r\n${body}\r\n0\r\n\r\n`,
    refused: '400 IncompleteBody',
  },
  {
    name: 'chunks that are longer than announced',
    headers: { 'x-amz-decoded-content-length': '8' },
    payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    body: `9\r\n${body}\r\n0\r\n\r\n`,
    refused: '400 IncompleteBody',
  },
  {
    name: 'chunks in another framing',
    headers: { 'x-amz-decoded-content-length': '9' },
    payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    body: `9\n${body}`,
    refused: '400 InvalidRequest',
  },
  {
    name: 'chunks without the signatures announced',
    headers: { 'x-amz-decoded-content-length': '9' },
    payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    body: `9\r\n${body}\r\n0\r\n\r\n`,
    refused: '400 InvalidRequest',
  },
];

for (const { name, refused, ...request } of mismatches) {
  test(`an upload with ${name} is refused and leaves nothing behind`, async () => {
    await using store = await openStore();
    assert.equal(verdict(await store.send({ method: 'PUT', path, body, ...request })), refused);
    assert.equal(verdict(await store.send({ path })), '404 NoSuchKey');
    assert.equal(await store.files(), 0);
  });
}

test('an upload without a length is refused', async () => {
  await using store = await openStore();
  const { headers } = signedTarget(store.url, { method: 'PUT', path, keys, payload: 'UNSIGNED-PAYLOAD' });
  const { hostname, port } = new URL(store.url);
  const sent = http.request({
    hostname,
    port,
    method: 'PUT',
    path,
    headers: { ...headers, 'transfer-encoding': 'chunked' },
  });
  sent.end('abc');
  const [response] = (await once(sent, 'response')) as [http.IncomingMessage];
  response.resume();
  assert.equal(response.statusCode, 411);
});

test('an upload in signed chunks is stored when every signature holds, else refused', async () => {
  await using store = await openStore();
  const chunks = ['x'.repeat(70_000), 'y'.repeat(10)];
  const good = signedChunks(store.url, { path, keys, time: store.clock.now, chunks });
  const changed = good.body.toString().replace('yyyyyyyyyy', 'yyyyyyyyyz');
  const bad = await sendPlain(store.url, { ...good, body: changed });
  assert.equal(verdict(bad), '403 SignatureDoesNotMatch');
  assert.equal(await store.files(), 0);
  assert.equal(verdict(await sendPlain(store.url, good)), '200');
  assert.equal((await store.send({ path })).text, chunks.join(''));
});

test('a trailer that was changed after signing is refused', async () => {
  await using store = await openStore();
  const trailer = 'x-amz-checksum-crc32c';
  const value = checksums['crc32c'] ?? '';
  const good = signedChunks(store.url, {
    path,
    keys,
    time: store.clock.now,
    chunks: [body],
    trailer,
    trailed: value,
  });
  const changed = good.body.toString('latin1').replace(value, 'AAAAAA==');
  const bad = await sendPlain(store.url, { ...good, body: Buffer.from(changed, 'latin1') });
  assert.equal(verdict(bad), '403 SignatureDoesNotMatch');
  assert.equal(verdict(await sendPlain(store.url, good)), '200');
  assert.equal((await store.send({ path })).text, body);
});

test('an upload that breaks off leaves nothing behind', async () => {
  await using store = await openStore();
  const content = Buffer.alloc(3 << 20);
  const { headers } = signedTarget(store.url, { method: 'PUT', path, keys, payload: 'UNSIGNED-PAYLOAD' });
  const { hostname, port } = new URL(store.url);
  const length = { 'content-length': String(content.length * 2) };
  const sent = http.request({ hostname, port, method: 'PUT', path, headers: { ...headers, ...length } });
  sent.on('error', () => undefined);
  sent.write(content);
  await waitUntil('the store has started to write', async () => (await store.files()) > 0);
  sent.destroy();
  await waitUntil('what was written is gone', async () => (await store.files()) === 0);
  assert.equal(verdict(await store.send({ path })), '404 NoSuchKey');
});

test('a client that expects 100 Continue gets it, but not when it is refused', async () => {
  await using store = await openStore();
  for (const [secretAccessKey, continues, status] of [
    [keys.secretAccessKey, 1, 200],
    ['wrong', 0, 403],
  ] as const) {
    const used = { ...keys, secretAccessKey };
    const { headers } = signedTarget(store.url, {
      method: 'PUT',
      path,
      keys: used,
      payload: 'UNSIGNED-PAYLOAD',
    });
    const { hostname, port } = new URL(store.url);
    const more = { expect: '100-continue', 'content-length': '4' };
    const sent = http.request({ hostname, port, method: 'PUT', path, headers: { ...headers, ...more } });
    let continued = 0;
    sent.on('continue', () => {
      continued += 1;
      sent.end('sent');
    });
    const [response] = (await once(sent, 'response')) as [http.IncomingMessage];
    response.resume();
    assert.deepEqual([response.statusCode, continued], [status, continues]);
    sent.destroy();
  }
});

test('a request that takes no body is refused with one', async () => {
  await using store = await openStore();
  const reply = await sendSigned(store.url, { method: 'DELETE', path, keys, body: 'content' });
  assert.equal(verdict(reply), '400 InvalidRequest');
});
