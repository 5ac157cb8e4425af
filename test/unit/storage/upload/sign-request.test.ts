import assert from 'node:assert/strict';
import { test } from 'node:test';
import aws4 from 'aws4';
import { signAt, type Signing } from '../../../../src/storage/upload/sign-request.ts';

const now = new Date('2026-11-21T08:45:00.123Z');
const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const scope = { host: '127.0.0.1:9000', region: 'us-east-1', service: 's3' } as const;
const unsigned = {
  'content-type': 'application/octet-stream',
  'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
  'x-amz-checksum-crc32': 'AAAAAA==',
};
const json = { 'content-type': 'application/json' };

const rows: ({ name: string } & Signing)[] = [
  {
    name: 'an object with an unsigned body',
    request: {
      method: 'PUT',
      path: '/bucket/flows/a/b/files/c.txt',
      headers: unsigned,
      body: Buffer.from('x'),
    },
    scope,
    credentials: keys,
  },
  {
    name: 'the keys of a session',
    request: {
      method: 'PUT',
      path: '/bucket/key',
      headers: { ...unsigned, ...json },
      body: Buffer.from('{}'),
    },
    scope,
    credentials: { ...keys, sessionToken: 'token+/=' },
  },
  {
    name: 'a part, with a query in another order than the sorted one',
    request: {
      method: 'PUT',
      path: '/bucket/key?uploadId=a%2Fb%3D%3D&partNumber=2',
      headers: unsigned,
      body: Buffer.from('x'),
    },
    scope,
    credentials: keys,
  },
  {
    name: 'a query without a value, and no body',
    request: { method: 'POST', path: '/bucket/key?uploads=', headers: {} },
    scope,
    credentials: keys,
  },
  {
    name: 'a read',
    request: { method: 'GET', path: '/bucket/key', headers: {} },
    scope,
    credentials: keys,
  },
  {
    name: 'a path with encoded characters',
    request: { method: 'GET', path: '/bucket/a%20b/%C3%A4%2B', headers: {} },
    scope,
    credentials: keys,
  },
  {
    name: 'a form for STS, whose hash is signed',
    request: {
      method: 'POST',
      path: '/',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: Buffer.from('Action=AssumeRole'),
    },
    scope: { ...scope, service: 'sts', region: 'eu-central-1' },
    credentials: keys,
  },
];
for (const { name, ...signing } of rows) {
  test(`signs as an independent signer does: ${name}`, () => {
    const { path, method, body, headers } = signAt(now, signing);
    assert.deepEqual(
      [path, method, body],
      [signing.request.path, signing.request.method, signing.request.body],
    );
    const { authorization, ...signed } = headers;
    const theirs = aws4.sign(
      { ...signing.scope, method, path, headers: { ...signed }, body: body?.toString() ?? '' },
      signing.credentials,
    );
    assert.equal(authorization, theirs.headers?.['Authorization']);
  });
}

test('keys that were renewed sign at once', () => {
  const [first, second] = ['one', 'two'].map((secretAccessKey) => {
    const [row = assert.fail()] = rows;
    return signAt(now, { ...row, credentials: { ...keys, secretAccessKey } }).headers.authorization;
  });
  assert.notEqual(first, second);
});
