import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSettleClock } from '../../../src/reconciler/settle-clock.ts';

test('a flow may be told of only after this process has known it for the whole time', () => {
  let now = 1000;
  const clock = createSettleClock(5000, () => now);
  assert.equal(clock.remaining({ uid: 'a', askedAt: 'x' }), 5000);
  now += 4999;
  assert.equal(clock.remaining({ uid: 'a', askedAt: 'x' }), 1);
  now += 1;
  assert.equal(clock.remaining({ uid: 'a', askedAt: 'x' }), 0);
});

test('a repeat starts the clock anew', () => {
  let now = 0;
  const clock = createSettleClock(5000, () => now);
  clock.remaining({ uid: 'a', askedAt: 'x' });
  now = 6000;
  assert.equal(clock.remaining({ uid: 'a', askedAt: 'y' }), 5000);
});

test('flows do not share a clock, and a forgotten one begins again', () => {
  let now = 0;
  const clock = createSettleClock(10, () => now);
  clock.remaining({ uid: 'a', askedAt: 'x' });
  now = 20;
  assert.equal(clock.remaining({ uid: 'b', askedAt: 'x' }), 10);
  clock.forget('a');
  assert.equal(clock.remaining({ uid: 'a', askedAt: 'x' }), 10);
});
