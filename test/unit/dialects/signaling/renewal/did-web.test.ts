import assert from 'node:assert/strict';
import { test } from 'node:test';
import { didWebUrl, keysOfDocument } from '../../../../../src/dialects/signaling/renewal/did-web.ts';

const urls: [string, string | undefined][] = [
  ['did:web:example.org', 'https://example.org/.well-known/did.json'],
  ['did:web:example.org%3A8443', 'https://example.org:8443/.well-known/did.json'],
  ['did:web:example.org:users:alice', 'https://example.org/users/alice/did.json'],
  ['did:key:z6Mk', undefined],
  ['did:web:', undefined],
  ['did:web:user%40example.org', undefined],
  ['did:web:example.org%2Fpath', undefined],
  ['did:web:example.org%3Fquery', undefined],
  ['did:web:example.org%23fragment', undefined],
  ['did:web:example.org:..:admin', undefined],
  ['did:web:example.org:a%2F..%2Fb', undefined],
  ['did:web:example.org::a', undefined],
  ['did:web:example.org%3A99999', undefined],
  ['did:web:%E0', undefined],
  ['BPNL000000000001', undefined],
];
for (const [did, url] of urls) {
  test(`the document of ${did} is at ${url ?? 'no URL'}`, () => {
    assert.equal(didWebUrl(did, 'https'), url);
  });
}

const did = 'did:web:example.org';
const jwk = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' };

test('the keys of a document have whole ids, and those of another DID are dropped', () => {
  const verificationMethod = [
    { id: '#a', publicKeyJwk: jwk },
    { id: `${did}#b`, publicKeyJwk: { ...jwk, kid: 'other' } },
    { id: 'did:web:other.example.org#c', publicKeyJwk: jwk },
    { id: '#d', publicKeyMultibase: 'z6Mk' },
    'e',
  ];
  const { keys } = keysOfDocument(did, JSON.stringify({ id: did, verificationMethod }));
  assert.deepEqual(
    keys.map(({ kid }) => kid),
    [`${did}#a`, `${did}#b`],
  );
});

for (const document of ['', '[]', '{}', '{"id":"did:web:other"}', JSON.stringify({ id: did })]) {
  test(`refuses the document ${document}`, () => {
    assert.throws(() => keysOfDocument(did, document));
  });
}
