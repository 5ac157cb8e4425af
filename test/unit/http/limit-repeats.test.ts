import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRepeatLimit } from '../../../src/http/limit-repeats.ts';

test('the first of many events of a kind is reported, and the number of the others at the end of a minute', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const isFirst = createRepeatLimit();
  const told: number[] = [];
  const answers = Array.from({ length: 5000 }, () => isFirst('a', (more) => told.push(more)));
  assert.equal(answers.indexOf(true), 0);
  assert.equal(answers.lastIndexOf(true), 0);
  assert.deepEqual(told, []);
  t.mock.timers.tick(60_000);
  assert.deepEqual(told, [4999]);
  assert.equal(
    isFirst('a', () => undefined),
    true,
  );
});

test('an event that comes once says nothing more', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const isFirst = createRepeatLimit();
  isFirst('a', () => {
    assert.fail('there was no other');
  });
  t.mock.timers.tick(60_000);
});

test('the number of kinds is bounded: all others count as one', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const isFirst = createRepeatLimit();
  const told: number[] = [];
  const firsts = Array.from({ length: 10_000 }, (_, index) =>
    isFirst(`kind ${index}`, (more) => told.push(more)),
  );
  assert.equal(firsts.filter(Boolean).length, 201);
  t.mock.timers.tick(60_000);
  assert.deepEqual(told, [9799]);
});
