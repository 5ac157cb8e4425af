import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ParametersSchema } from '../../../src/template/template.ts';
import { findParameterProblems } from '../../../src/template/validate-parameters.ts';

function schemaOf(property: Record<string, unknown>): ParametersSchema {
  return { type: 'object', properties: { TEXT: { type: 'string', ...property } }, required: [] };
}

function reasonsOf(property: Record<string, unknown>, text: string): string[] {
  return findParameterProblems(schemaOf(property), { TEXT: text }).map(({ reason }) => reason);
}

suite('a pattern', () => {
  // JavaScript's own engine needs 2^n steps for each.
  for (const pattern of ['^(a+)+$', '^(a|aa)+$', '^(a|a?)+$', '^(.*a){20}$', '^([a-z]+)*$']) {
    test(`${pattern} is matched in bounded time`, () => {
      const text = `${'a'.repeat(4000)}!`;
      assert.equal(reasonsOf({ pattern }, text).length, 1);
      assert.deepEqual(reasonsOf({ pattern }, 'a'.repeat(40)), []);
    });
  }

  const same = [
    { pattern: '^\\d{4}-\\d{2}$', fits: '2012-12', not: '2012-12\n' },
    { pattern: '^[\\w.-]+/[\\w+]+$', fits: 'image/svg+xml', not: 'image' },
    { pattern: '^\\u00e4\\p{L}$', fits: 'äö', not: 'ä1' },
    { pattern: 'b', fits: 'abc', not: 'ac' },
    { pattern: '^(?<year>20\\d\\d)$', fits: '2026', not: '1999' },
  ];
  for (const { pattern, fits, not } of same) {
    test(`${pattern} means what JSON Schema says`, () => {
      assert.equal(new RegExp(pattern, 'u').test(fits), true);
      assert.equal(new RegExp(pattern, 'u').test(not), false);
      assert.deepEqual(reasonsOf({ pattern }, fits), []);
      assert.equal(reasonsOf({ pattern }, not).length, 1);
    });
  }

  for (const property of [{ pattern: '^a*$' }, { format: 'email' }]) {
    test(`is not matched against more than 4096 characters: ${JSON.stringify(property)}`, () => {
      assert.deepEqual(reasonsOf(property, 'a'.repeat(4097)), [
        'parameter TEXT: expected at most 4096 characters, since it has a pattern or a format, received 4097 characters',
      ]);
    });
  }

  test('does not bound other text', () => {
    assert.deepEqual(reasonsOf({}, 'a'.repeat(100_000)), []);
  });
});

test('a parameter named like a member of every object is missing if nobody gives it', () => {
  const schema: ParametersSchema = {
    type: 'object',
    properties: { constructor: { type: 'string' } },
    required: ['constructor'],
  };
  assert.deepEqual(findParameterProblems(schema, {}), [
    {
      parameter: 'constructor',
      expected: 'a string',
      reason: 'parameter constructor: expected a string, received nothing',
    },
  ]);
});
