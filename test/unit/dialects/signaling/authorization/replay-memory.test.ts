import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createReplayMemory } from '../../../../../src/dialects/signaling/authorization/replay-memory.ts';

test('an id is new once, until its token has expired', () => {
  const memory = createReplayMemory();
  assert.ok(memory.isFirst('a', 100, 0));
  assert.ok(!memory.isFirst('a', 100, 100));
  assert.ok(memory.isFirst('b', 100, 100));
  assert.ok(memory.isFirst('a', 200, 101));
  assert.ok(!memory.isFirst('a', 200, 102));
});

test('beyond the limit expired ids go first, then the oldest', () => {
  const memory = createReplayMemory(3);
  assert.ok(memory.isFirst('a', 900, 0));
  assert.ok(memory.isFirst('short', 10, 0));
  assert.ok(memory.isFirst('b', 900, 0));
  assert.ok(memory.isFirst('c', 900, 20));
  for (const id of ['a', 'b', 'c']) assert.ok(!memory.isFirst(id, 900, 20), id);
  assert.ok(memory.isFirst('d', 900, 20));
  for (const id of ['b', 'c', 'd']) assert.ok(!memory.isFirst(id, 900, 20), id);
  assert.ok(memory.isFirst('a', 900, 20));
});
