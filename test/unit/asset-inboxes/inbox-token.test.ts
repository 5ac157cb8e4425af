import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readInboxToken, signInboxToken, type AssetInbox } from '../../../src/asset-inboxes/inbox-token.ts';
import { signBearerToken } from '../../../src/result/bearer-token.ts';

const keys = [{ id: 'k1', key: 'a-key-with-more-than-thirty-two-characters' }];
const now = new Date('2026-01-01T00:00:00Z');
const notAfter = now.getTime() / 1000 + 60;
const inbox: AssetInbox = {
  ...{ id: '1', kind: 'env', connector: 'provider', assetId: 'urn:asset:ä/b', consumer: 'did:web:one' },
  ...{ name: 'env', secret: true, template: 'towns', maxBytes: 10, createdBy: 'ann' },
};

test('a token is one path segment that holds the whole inbox, also after a restart and a rotation of keys', () => {
  const token = signInboxToken(inbox, { notAfter, keys });
  assert.equal(encodeURIComponent(token), token);
  const rotated = [{ id: 'k2', key: 'another-key-with-more-than-thirty-two-chars' }, ...keys];
  assert.deepEqual(readInboxToken(token, { keys: rotated, now }), { state: 'valid', inbox });
});

test('a token expires', () => {
  const token = signInboxToken(inbox, { notAfter, keys });
  const later = new Date(now.getTime() + 61_000);
  assert.deepEqual(readInboxToken(token, { keys, now: later }), { state: 'expired' });
});

test('a token with another content, of another key or of another use is wrong', () => {
  const token = signInboxToken(inbox, { notAfter, keys });
  const [, signed = ''] = token.split('.', 2);
  const other = Buffer.from(JSON.stringify({ ...inbox, consumer: 'did:web:two' })).toString('base64url');
  const content = token.slice(0, token.indexOf('.'));
  const ofFlow = signBearerToken({ use: 'inbox', flow: content, notAfter, bound: '' }, keys);
  const foreign = signInboxToken(inbox, { notAfter, keys: [{ id: 'k1', key: 'x'.repeat(40) }] });
  for (const wrong of ['', 'x', `${other}.${signed}`, `${content}.${ofFlow}`, foreign, `${token}x`, content])
    assert.deepEqual(readInboxToken(wrong, { keys, now }), { state: 'wrong' }, wrong);
});
