import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describeSchemaErrors, schemaAt } from '../../../src/schemas/schema-problem.ts';

function alternative(name: string, member: string) {
  const kind = { const: name, title: 'one of letter, parcel' };
  const properties = { kind, [member]: { type: 'integer', title: `the ${member}` } };
  return { type: 'object', required: ['kind', member], additionalProperties: false, properties };
}

const schema = {
  type: 'array',
  items: {
    type: 'object',
    discriminator: { propertyName: 'kind' },
    oneOf: [alternative('letter', 'pages'), alternative('parcel', 'grams')],
  },
};
const validate = new Ajv2020({ allErrors: true, discriminator: true }).compile(schema);

const rows = [
  { name: 'its own member', value: { kind: 'parcel' }, reason: 'grams expected the grams, received nothing' },
  {
    name: 'a member of the other alternative',
    value: { kind: 'parcel', grams: 1, pages: 2 },
    reason: 'pages is not a member; expected one of kind, grams',
  },
  {
    name: 'a kind that there is not',
    value: { kind: 'dove' },
    reason: 'kind expected one of letter, parcel, received "dove"',
  },
];
for (const { name, value, reason } of rows) {
  test(`a value is checked by the alternative that it names: ${name}`, () => {
    const list = [{ kind: 'letter', pages: 1 }, value];
    assert.equal(validate(list), false);
    const found = describeSchemaErrors(validate.errors, { schema, value: list, noun: 'a member' });
    assert.deepEqual(
      found.map((problem) => `${String(problem.path.at(-1))} ${problem.reason}`),
      [reason],
    );
  });
}

test('a value that names no alternative is taken for the first one', () => {
  assert.equal(schemaAt(schema, [0, 'pages'], [{}])?.title, 'the pages');
});
