import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keptParameters } from '../../../src/cluster-objects/kept-parameters.ts';

test('what is secret and what has no room is not kept, and its names are', () => {
  const given = { KEY: 'hush', TEXT: 'x'.repeat(20_000), COUNT: 7, LIST: 'a', COLOUR: 'red' };
  // Also a parameter that is secret only because the asset's env file is.
  const secretEnvironment = { KEY: 'hush', COLOUR: 'red' };
  assert.deepEqual(keptParameters({ given, secretEnvironment }), {
    parameters: { COUNT: 7, LIST: 'a' },
    unkept: ['KEY', 'TEXT', 'COLOUR'],
  });
  assert.deepEqual(keptParameters({ given: {}, secretEnvironment: {} }), {});
});
