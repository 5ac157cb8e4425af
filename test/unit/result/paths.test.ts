import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attachment } from '../../../src/attachment.ts';
import { mediaTypeOf, decodePath, encodePath } from '../../../src/result/paths.ts';

for (const path of [
  'plain.txt',
  "a b/c+d%/'(é)*!.csv",
  '?#&=/;:@$,~',
  '日本/🧀',
  'back\\slash',
  'line\nbreak',
]) {
  test(`the path ${JSON.stringify(path)} survives an address, in unreserved characters alone`, () => {
    const encoded = encodePath(path);
    assert.match(encoded, /^([A-Za-z0-9._~-]|%[0-9A-F]{2}|\/)+$/);
    assert.equal(decodePath(encoded), path);
    assert.equal(new URL(`http://a/${encoded}`).pathname, `/${encoded}`);
  });
}

const names: { name: string; expected: string }[] = [
  { name: 'a b.csv', expected: 'attachment; filename="a b.csv"' },
  { name: 'a"b\\c%.csv', expected: `attachment; filename="a_b_c_.csv"; filename*=UTF-8''a%22b%5Cc%25.csv` },
  { name: '日本.csv', expected: `attachment; filename="__.csv"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.csv` },
  { name: 'a%41.csv', expected: `attachment; filename="a_41.csv"; filename*=UTF-8''a%2541.csv` },
  { name: 'é\r\nX: y', expected: `attachment; filename="___X: y"; filename*=UTF-8''%C3%A9%0D%0AX%3A%20y` },
];
for (const { name, expected } of names) {
  test(`the name ${JSON.stringify(name)} is told in a header, and cannot end it`, () => {
    assert.equal(attachment(name), expected);
  });
}

test('a type is told by the extension, and by nothing else', () => {
  assert.equal(mediaTypeOf('a/B.JSON'), 'application/json');
  assert.equal(mediaTypeOf('a.csv'), 'text/csv; charset=utf-8');
  assert.equal(mediaTypeOf('a.yml'), 'application/yaml');
  for (const path of ['json', '.json', 'a.json/b', 'a.', 'a.constructor', 'a.unknown']) {
    assert.equal(mediaTypeOf(path), 'application/octet-stream', path);
  }
});
