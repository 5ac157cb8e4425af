import assert from 'node:assert/strict';
import test from 'node:test';

import { applyStrategicMergePatch } from '../../src/api/patch/strategic-merge-patch.ts';
import { list, map, string, type Schema } from '../../src/api/schema/schema.ts';

function object(fields: Record<string, Schema>): Schema {
  return { type: 'object', fields };
}

const schema = object({
  env: { ...list(object({ name: string, value: string })), mergeKey: 'name' },
  args: list(string),
  labels: map(string),
  source: object({ secret: string, map: string }),
});
const target = {
  env: [
    { name: 'a', value: '1' },
    { name: 'b', value: '2' },
  ],
  args: ['x'],
  labels: { k: 'v' },
  source: { secret: 's' },
};
const rows: { name: string; patch: unknown; result: unknown }[] = [
  {
    name: 'changes one element',
    patch: { env: [{ name: 'b', value: '3' }] },
    result: { ...target, env: [target.env[0], { name: 'b', value: '3' }] },
  },
  {
    name: 'adds an element',
    patch: { env: [{ name: 'c' }] },
    result: { ...target, env: [...target.env, { name: 'c' }] },
  },
  {
    name: 'deletes an element',
    patch: { env: [{ name: 'a', $patch: 'delete' }] },
    result: { ...target, env: [target.env[1]] },
  },
  {
    name: 'replaces a keyed list',
    patch: { env: [{ $patch: 'replace' }, { name: 'z' }] },
    result: { ...target, env: [{ name: 'z' }] },
  },
  {
    name: 'orders a list after merging it',
    patch: { '$setElementOrder/env': [{ name: 'c' }, { name: 'b' }, { name: 'a' }], env: [{ name: 'c' }] },
    result: { ...target, env: [{ name: 'c' }, target.env[1], target.env[0]] },
  },
  { name: 'replaces a list without key', patch: { args: ['y'] }, result: { ...target, args: ['y'] } },
  {
    name: 'removes by null',
    patch: { labels: { k: null, l: 'w' } },
    result: { ...target, labels: { l: 'w' } },
  },
  {
    name: 'keeps only what it says',
    patch: { source: { $retainKeys: ['map'], map: 'm' } },
    result: { ...target, source: { map: 'm' } },
  },
  {
    name: 'deletes an object',
    patch: { source: { $patch: 'delete' } },
    result: { env: target.env, args: target.args, labels: target.labels },
  },
];
for (const { name, patch, result } of rows) {
  test(`a strategic merge patch ${name}`, () => {
    assert.deepEqual(applyStrategicMergePatch(target, patch, schema), result);
  });
}

test('an element without its key, or a directive nobody knows, is refused', () => {
  assert.throws(() => applyStrategicMergePatch(target, { env: [{ value: '1' }] }, schema), { code: 400 });
  assert.throws(() => applyStrategicMergePatch(target, { $twist: 1 }, schema), { code: 400 });
});
