import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchesWildcard } from '../../src/access/wildcard.ts';

const cases: [pattern: string, text: string, expected: boolean][] = [
  ['', '', true],
  ['', 'a', false],
  ['*', '', true],
  ['*', 'a/b', true],
  ['a*', 'a', true],
  ['a*', 'ba', false],
  ['*a', 'baa', true],
  ['a*b*c', 'a1b2b3c', true],
  ['a*b*c', 'a1b2b3', false],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['jobs/1/*', 'jobs/1/x/y', true],
  ['jobs/1/*', 'jobs/10/x', false],
  ['a.c', 'abc', false],
  ['s3:Get*', 's3:getObject', false],
];

for (const [pattern, text, expected] of cases) {
  test(`'${pattern}' ${expected ? 'matches' : 'does not match'} '${text}'`, () => {
    assert.equal(matchesWildcard(pattern, text), expected);
  });
}

test('a pattern of many stars is decided without trying every split', () => {
  assert.equal(matchesWildcard('*a'.repeat(500) + 'b', 'a'.repeat(2000)), false);
});
