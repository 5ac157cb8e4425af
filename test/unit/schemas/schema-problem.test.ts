import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ajv, describeSchemaErrors } from '../../../src/schemas/schema-problem.ts';

const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['size'],
  properties: {
    size: { type: 'string', title: 'a quantity', pattern: '^\\d+Mi$' },
    count: { type: 'integer', title: 'Number of files', minimum: 1 },
    token: { type: 'string', maxLength: 3, writeOnly: true },
    list: { type: 'array', items: { type: 'object', properties: { mode: { enum: ['a', 'b'] } } } },
  },
};

function describe(value: unknown, titled = true): string[] {
  const validate = ajv.compile(schema);
  validate(value);
  const found = describeSchemaErrors(validate.errors, { schema, value, noun: 'a member', titled });
  return found.map(({ path, reason }) => `${path.join('.')}: ${reason}`);
}

const rows: { name: string; value: object; titled?: boolean; says: string }[] = [
  {
    name: 'names what a title says',
    value: { size: 'much' },
    says: 'size: expected a quantity, received "much"',
  },
  { name: 'names what is missing', value: {}, says: 'size: expected a quantity, received nothing' },
  {
    name: 'describes keywords where titles are for people',
    ...{ value: { size: '1Mi', count: 0 }, titled: false },
    says: 'count: expected an integer from 1, received 0',
  },
  {
    name: 'finds the place in a list',
    value: { size: '1Mi', list: [{ mode: 'a' }, { mode: 'c' }] },
    says: 'list.1.mode: expected one of "a", "b", received "c"',
  },
  {
    name: 'does not show a secret',
    value: { size: '1Mi', token: 'hush-hush' },
    says: 'token: expected a string of at most this many characters: 3, received something else (its value is secret)',
  },
  {
    name: 'does not show the value of an unknown member',
    value: { size: '1Mi', password: 'hush-hush' },
    says: 'password: is not a member; expected one of size, count, token, list',
  },
  {
    name: 'shows no more than 100 characters',
    value: { size: 'x'.repeat(200) },
    says: `size: expected a quantity, received "${'x'.repeat(99)}…`,
  },
];
for (const { name, value, titled, says } of rows) {
  test(`a problem ${name}`, () => {
    assert.deepEqual(describe(value, titled), [says]);
  });
}
