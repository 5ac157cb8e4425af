import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRedactor, listSecrets, secretsOfUrl } from '../../src/redact-secrets.ts';

const secret = `aB/+"&<é'~9`;
const spellings = [
  { name: 'as it is', text: secret },
  { name: 'in another case', text: secret.toUpperCase() },
  { name: 'percent-encoded', text: encodeURIComponent(secret) },
  { name: 'percent-encoded to the last character', text: percent(secret) },
  { name: 'percent-encoded twice', text: encodeURIComponent(encodeURIComponent(secret)) },
  { name: 'in lower-case percent-encoding', text: encodeURIComponent(secret).toLowerCase() },
  { name: 'in JSON', text: JSON.stringify({ secret }) },
  { name: 'in JSON with escaped slashes', text: JSON.stringify({ secret }).replaceAll('/', '\\/') },
  {
    name: 'in JSON with escapes for HTML',
    text: JSON.stringify({ secret }).replaceAll('&', '\\u0026').replaceAll('<', '\\u003C'),
  },
  {
    name: 'in HTML',
    text: secret
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#39;'),
  },
  {
    name: 'in HTML with hexadecimal references',
    text: secret.replaceAll("'", '&#x27;').replaceAll('+', '&#x2B;'),
  },
];
for (const { name, text } of spellings) {
  test(`a secret is redacted ${name}`, () => {
    const clean = createRedactor([secret])(`before ${text} after`);
    assert.match(clean, /^before .*\[redacted\].* after$/);
    assert.ok(!/B|9/i.test(clean.replaceAll(/before|after|redacted/g, '')), clean);
  });
}

test('of two secrets of which one begins the other nothing is left', () => {
  assert.equal(createRedactor(['abcd', 'abcd-efgh'])('x abcd-efgh abcd'), 'x [redacted] [redacted]');
});

test('a text that holds only the beginning of a secret is left alone, and the next one is redacted all the same', () => {
  const redact = createRedactor(['abcdefghijkl', 'mnopqrstuvwx']);
  assert.equal(redact('abcdefgh and nothing more'), 'abcdefgh and nothing more');
  for (const text of ['abcdefghijkl', 'x mnopqrstuvwx abcdefgh', 'abcdefgh abcdefghijkl'])
    assert.match(redact(text), /^((x|abcdefgh) )?\[redacted\]( abcdefgh)?$/);
});

test('what is absent or too short to be a secret is ignored', () => {
  assert.equal(createRedactor([undefined, '', 'abc'])('abc'), 'abc');
});

const paths = [
  { path: 'https://r.example.org/results/flow-a/TOKEN/files/a.txt' },
  { path: '/edc/connectors/provider/TOKEN/provision' },
  { path: '{"url":"\\/results\\/x"} /results/flow-b/TOKEN?x' },
];
for (const { path } of paths) {
  test(`a capability is redacted by its place: ${path}`, () => {
    const clean = createRedactor([])(path);
    assert.ok(!clean.includes('TOKEN'), clean);
    assert.match(clean, /\/\[redacted\]/);
  });
}

test('all secrets of the service are listed, and nothing that is none', () => {
  const connectors = { a: { tokens: ['t1', 't2'], key: 'k' }, b: { tokens: ['t3'], key: undefined } };
  const store = { accessKeyId: 'id', secretAccessKey: 's' };
  const resultKeys = [{ id: 'one', key: 'r' }];
  assert.deepEqual(
    new Set(listSecrets({ store, connectors, resultKeys }).filter(Boolean)),
    new Set(['s', 't1', 't2', 'k', 't3', 'r']),
  );
});

test('the secrets of an address are its long segments and values', () => {
  const signature = '0'.repeat(64);
  assert.deepEqual(secretsOfUrl(`https://s3/bucket/short?X-Amz-Signature=${signature}&X-Amz-Date=20260101`), [
    signature,
  ]);
});

function percent(text: string): string {
  return Array.from(Buffer.from(text), (byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`).join(
    '',
  );
}

test('what anybody may send is read once, whatever it is made of', () => {
  const redact = createRedactor(['a-key-of-a-connector']);
  // A pattern that begins again at each character would take hours.
  for (const piece of ['~', 'a', 'a~', '/results/']) {
    const text = piece.repeat(2_000_000 / piece.length);
    assert.ok(redact(text).length > 0);
  }
});
