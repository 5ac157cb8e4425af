import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countSignals } from '../../../src/commands/signals.ts';

test('a Ctrl-C that also comes through npm counts once, and a second one twice', () => {
  let now = 0;
  const count = countSignals(() => now);
  assert.equal(count('SIGINT'), 1);
  now = 900;
  assert.equal(count('SIGINT'), 1);
  now = 3000;
  assert.equal(count('SIGINT'), 2);
});

test('another signal counts however soon it comes', () => {
  const count = countSignals(() => 0);
  assert.equal(count('SIGINT'), 1);
  assert.equal(count('SIGTERM'), 2);
});
