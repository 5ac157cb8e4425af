import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Delivery } from '../../../../src/flow/delivery.ts';
import { pauseBeforeAttempt } from '../../../../src/reconciler/steps/delivery-pace.ts';
import { at, epoch } from '../../../support/flow-values.ts';

const backoff = { firstMillis: 1000, maxMillis: 60_000 };

/** Its last attempt started at second 9 and ended at second 10. */
function failed(attempts: number, members: Partial<Delivery> = {}): Delivery {
  return { attempts, startedAt: at(9), result: 'failed', endedAt: at(10), ...members };
}

const rows: { name: string; delivery: Delivery | undefined; seconds: number; pause: number }[] = [
  { name: 'nothing was tried', delivery: undefined, seconds: 10, pause: 0 },
  { name: 'the present message was not tried yet', delivery: failed(0), seconds: 10, pause: 0 },
  { name: 'one attempt a moment ago', delivery: failed(1), seconds: 10.25, pause: 750 },
  { name: 'three attempts a second ago', delivery: failed(3), seconds: 11, pause: 3000 },
  { name: 'a thousand attempts', delivery: failed(1000), seconds: 10, pause: 60_000 },
  { name: 'the shortest pause is over', delivery: failed(3), seconds: 13, pause: 0 },
  { name: 'an attempt in the future of this clock', delivery: failed(3), seconds: 8, pause: 0 },
  {
    name: 'an attempt without a result',
    delivery: { attempts: 1, startedAt: at(10) },
    seconds: 10.5,
    pause: 500,
  },
  { name: 'the first slow failure', delivery: failed(1, { slowFailures: 1 }), seconds: 10, pause: 5000 },
  {
    name: 'slow failures after a connector that was down for long',
    delivery: failed(9, { slowFailures: 2 }),
    seconds: 10,
    pause: 10_000,
  },
  {
    name: 'slow failures for long',
    delivery: failed(9, { slowFailures: 9 }),
    seconds: 10,
    pause: 60_000,
  },
];

for (const { name, delivery, seconds, pause } of rows) {
  test(`the pause before the next attempt: ${name}`, () => {
    const now = epoch + seconds * 1000;
    assert.equal(pauseBeforeAttempt(delivery, { backoff, now, random: () => 0.5 }), pause);
  });
}

test('a slow failure waits no longer than the longest pause, nor shorter than the first', () => {
  const delivery = failed(1, { slowFailures: 1 });
  const options = { now: epoch + 10_000, random: () => 0.5 };
  const short = { firstMillis: 10, maxMillis: 500 };
  assert.equal(pauseBeforeAttempt(delivery, { backoff: short, ...options }), 500);
  const long = { firstMillis: 20_000, maxMillis: 60_000 };
  assert.equal(pauseBeforeAttempt(delivery, { backoff: long, ...options }), 20_000);
});

test('a connector that starts after a while gets its next attempt soon', () => {
  // Refused for four attempts, then answered with 405 until second 20.
  let now = epoch;
  let delivery: Delivery | undefined;
  const timesOfAttempts: number[] = [];
  while (now < epoch + 20_000) {
    timesOfAttempts.push(now);
    const slowFailures = timesOfAttempts.length > 4 ? (delivery?.slowFailures ?? 0) + 1 : undefined;
    const ended = new Date(now).toISOString();
    delivery = failed(timesOfAttempts.length, {
      startedAt: ended,
      endedAt: ended,
      ...(slowFailures === undefined ? {} : { slowFailures }),
    });
    now += pauseBeforeAttempt(delivery, {
      backoff: { firstMillis: 500, maxMillis: 60_000 },
      now,
      random: () => 1,
    });
  }
  assert.ok(now <= epoch + 40_000, `it was called after ${(now - epoch) / 1000} s`);
});
