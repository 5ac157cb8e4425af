import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attemptsSoFar, pauseBeforeAttempt } from '../../../src/reconciler/delivery-pace.ts';
import { at, epoch } from '../../support/flow-values.ts';

const backoff = { firstMillis: 1000, maxMillis: 8000 };
const outcome = { at: at(0) };

const rows = [
  { name: 'nothing was tried', intent: undefined, seconds: 10, pause: 0 },
  { name: 'one attempt a moment ago', intent: { at: at(10), attempts: 1 }, seconds: 10.25, pause: 500 },
  { name: 'three attempts a second ago', intent: { at: at(10), attempts: 3 }, seconds: 11, pause: 2000 },
  { name: 'a thousand attempts', intent: { at: at(10), attempts: 1000 }, seconds: 10, pause: 6000 },
  { name: 'long ago', intent: { at: at(10), attempts: 3 }, seconds: 100, pause: 0 },
  {
    name: 'an attempt in the future of this clock',
    intent: { at: at(99), attempts: 3 },
    seconds: 11,
    pause: 0,
  },
  { name: 'an attempt that was not counted', intent: { at: at(10) }, seconds: 10, pause: 0 },
];

for (const { name, intent, seconds, pause } of rows) {
  test(`the pause before the next attempt: ${name}`, () => {
    assert.equal(pauseBeforeAttempt({ intent, outcome }, { backoff, now: epoch + seconds * 1000 }), pause);
  });
}

test('attempts at an earlier outcome do not count', () => {
  const intent = { at: at(10), attempts: 3 };
  assert.equal(attemptsSoFar({ intent, outcome }), 3);
  assert.equal(attemptsSoFar({ intent, outcome: { at: at(11) } }), 0);
});
