import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSettleClock } from '../../../src/reconciler/settle-clock.ts';

const times = { settleMillis: 5000, inheritedMillis: 12_000 };

test('a flow may be told of only after this process has known it for the whole time', () => {
  let now = 1000;
  const clock = createSettleClock(times, () => now);
  assert.equal(clock.remaining({ uid: 'a', askedAt: 'x' }), 5000);
  now += 4999;
  assert.equal(clock.remaining({ uid: 'a', askedAt: 'x' }), 1);
  now += 1;
  assert.equal(clock.remaining({ uid: 'a', askedAt: 'x' }), 0);
});

test('a repeat starts the clock anew', () => {
  let now = 0;
  const clock = createSettleClock(times, () => now);
  clock.remaining({ uid: 'a', askedAt: 'x' });
  now = 6000;
  assert.equal(clock.remaining({ uid: 'a', askedAt: 'y' }), 5000);
});

test('flows do not share a clock, and a forgotten one begins again', () => {
  let now = 0;
  const clock = createSettleClock({ settleMillis: 10, inheritedMillis: 0 }, () => now);
  clock.remaining({ uid: 'a', askedAt: 'x' });
  now = 20;
  assert.equal(clock.remaining({ uid: 'b', askedAt: 'x' }), 10);
  clock.forget('a');
  assert.equal(clock.remaining({ uid: 'a', askedAt: 'x' }), 10);
});

test('a flow from before is told of later, unless it is asked for again: then as any other', () => {
  let now = 0;
  const clock = createSettleClock(times, () => now);
  clock.inherit({ uid: 'a', askedAt: undefined });
  clock.inherit({ uid: 'b', askedAt: undefined });
  now = 1000;
  assert.equal(clock.remaining({ uid: 'a', askedAt: undefined }), 11_000);
  assert.equal(clock.remaining({ uid: 'b', askedAt: 'now' }), 5000);
});

test('a flow that this process knows already is not inherited when it leads once more', () => {
  let now = 0;
  const clock = createSettleClock(times, () => now);
  clock.remaining({ uid: 'a', askedAt: undefined });
  now = 4000;
  clock.inherit({ uid: 'a', askedAt: undefined });
  assert.equal(clock.remaining({ uid: 'a', askedAt: undefined }), 1000);
});
