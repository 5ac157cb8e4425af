import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { test } from 'node:test';
import { readUploadHead } from '../../../src/inbox/read-upload-head.ts';
import { isServiceError } from '../../../src/errors.ts';

const digest = createHash('sha256').update('body');
const [hex, base64] = [digest.copy().digest('hex'), digest.digest('base64')];

test('a head without headers says nothing but the name', () => {
  const expected = { name: 'a b', size: undefined, digest: undefined };
  assert.deepEqual(readUploadHead({}, 'folder/a%20b'), expected);
  assert.equal(readUploadHead({}, '').name, 'data');
  assert.equal(readUploadHead({ 'content-length': '7' }, '').size, 7);
});

const digests: [string, IncomingHttpHeaders, string | undefined][] = [
  ['of the representation', { 'repr-digest': `sha-256=:${base64}:` }, 'Repr-Digest'],
  ['of the content', { 'content-digest': `sha-256=:${base64}:` }, 'Content-Digest'],
  ['beside another algorithm', { 'repr-digest': `md5=:AA==: , sha-256=:${base64}:` }, 'Repr-Digest'],
  ['of another algorithm only', { 'repr-digest': 'sha-512=:AA==:' }, undefined],
];
for (const [name, headers, field] of digests) {
  test(`a digest ${name} is read`, () => {
    const expected = field && { field, sha256: hex };
    assert.deepEqual(readUploadHead(headers, '').digest, expected);
  });
}

const refusals: [IncomingHttpHeaders, string, string][] = [
  [{ 'content-encoding': 'br' }, 'unsupported-media-type', 'Content-Encoding'],
  [{ 'content-range': 'bytes 0-1/2' }, 'invalid-request', 'Content-Range'],
  [{ 'upload-complete': '?0' }, 'invalid-request', 'Upload-Complete'],
  [{ 'repr-digest': 'sha-256=AA' }, 'invalid-request', 'Repr-Digest'],
  [{ 'content-digest': 'sha-256=:AA==:' }, 'invalid-request', 'Content-Digest'],
];
for (const [headers, code, field] of refusals) {
  test(`a body that is no whole file is refused: ${JSON.stringify(headers)}`, () => {
    assert.throws(
      () => readUploadHead(headers, ''),
      (error) =>
        isServiceError(error) &&
        error.code === code &&
        error.field === field &&
        error.message.startsWith(field),
    );
  });
}
