import assert from 'node:assert/strict';
import { test } from 'node:test';
import { snakeSchema, snakeValue } from '../../../../../src/http/routes/compatibility/snake-case.ts';

const schema = {
  type: 'object',
  required: ['acceptedAt'],
  properties: {
    acceptedAt: { type: 'string' },
    labels: { type: 'object', patternProperties: { '': { type: 'string' } } },
    items: { type: 'array', items: { type: 'object', properties: { endedAt: { type: 'string' } } } },
  },
};

test('members that the schema has are in snake case, and names that users choose stay', () => {
  const value = {
    acceptedAt: 'now',
    labels: { runOf: 'acceptedAt' },
    items: [{ endedAt: 'then', myOwn: { endedAt: 1 } }],
    ofTheUser: null,
  };
  assert.deepEqual(snakeValue(value, schema), {
    accepted_at: 'now',
    labels: { runOf: 'acceptedAt' },
    items: [{ ended_at: 'then', myOwn: { endedAt: 1 } }],
    ofTheUser: null,
  });
});

test('the schema has the same names', () => {
  assert.deepEqual(snakeSchema(schema), {
    type: 'object',
    required: ['accepted_at'],
    properties: {
      accepted_at: { type: 'string' },
      labels: schema.properties.labels,
      items: { type: 'array', items: { type: 'object', properties: { ended_at: { type: 'string' } } } },
    },
  });
});
