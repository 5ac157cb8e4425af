import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keptParameters } from '../../../src/cluster-objects/kept-parameters.ts';
import { aTemplate } from '../../support/template-values.ts';

test('secret parameters and what has no room are not kept, and their names are', () => {
  const properties = { KEY: { type: 'string', writeOnly: true }, TEXT: {}, COUNT: {}, LIST: {} };
  const template = aTemplate({ parameters: { type: 'object', properties, required: [] } });
  const given = { KEY: 'hush', TEXT: 'x'.repeat(20_000), COUNT: 7, LIST: 'a' };
  assert.deepEqual(keptParameters({ template, given }), {
    parameters: { COUNT: 7, LIST: 'a' },
    unkept: ['KEY', 'TEXT'],
  });
  assert.deepEqual(keptParameters({ template, given: {} }), {});
});
