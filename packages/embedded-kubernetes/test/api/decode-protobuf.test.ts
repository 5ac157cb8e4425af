import assert from 'node:assert/strict';
import test from 'node:test';

import { decodeProtobuf } from '../../src/api/decode-protobuf.ts';

/** One member of a message: length-delimited, short enough for one byte of length. */
function member(number: number, content: Buffer | string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}

function envelope(apiVersion: string, kind: string, raw: Buffer): Buffer {
  const typeMeta = Buffer.concat([member(1, apiVersion), member(2, kind)]);
  return Buffer.concat([Buffer.from('k8s\0'), member(1, typeMeta), member(2, raw)]);
}

const metadata = member(
  1,
  Buffer.concat([member(1, 'a'), member(2, ''), member(3, 'default'), member(8, '')]),
);

test('a ConfigMap is read with its data, and empty strings are absent', () => {
  const entry = Buffer.concat([member(1, 'key'), member(2, 'value')]);
  const empty = member(1, 'none');
  const immutable = Buffer.from([(4 << 3) | 0, 1]);
  const raw = Buffer.concat([metadata, member(2, entry), member(2, empty), immutable]);
  assert.deepEqual(decodeProtobuf(envelope('v1', 'ConfigMap', raw)), {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a', namespace: 'default' },
    data: { key: 'value', none: '' },
    immutable: true,
  });
});

test('a Secret’s bytes become base64', () => {
  const entry = Buffer.concat([member(1, 'key'), member(2, Buffer.from([0, 255]))]);
  const secret = decodeProtobuf(envelope('v1', 'Secret', Buffer.concat([metadata, member(2, entry)])));
  assert.deepEqual((secret as { data: unknown }).data, { key: 'AP8=' });
});

const unreadable: { name: string; body: Buffer }[] = [
  { name: 'no magic number', body: Buffer.from('abcd') },
  { name: 'a kind nobody writes this way', body: envelope('v1', 'Pod', metadata) },
  { name: 'a Job', body: envelope('batch/v1', 'Job', metadata) },
  { name: 'a number for a text', body: envelope('v1', 'Secret', Buffer.from([(3 << 3) | 0, 1])) },
  {
    name: 'a member it would lose',
    body: envelope('v1', 'ConfigMap', Buffer.concat([metadata, member(9, 'x')])),
  },
  { name: 'an early end', body: envelope('v1', 'ConfigMap', metadata).subarray(0, -2) },
];
for (const { name, body } of unreadable) {
  test(`a body with ${name} is refused with 415`, () => {
    assert.throws(() => decodeProtobuf(body), { name: 'StatusError', code: 415 });
  });
}
