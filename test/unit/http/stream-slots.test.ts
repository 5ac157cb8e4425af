import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStreamSlots } from '../../../src/http/stream-slots.ts';

test('more streams than the limit are refused with the time to try again, until one ends', () => {
  const slots = createStreamSlots(1);
  const set: unknown[] = [];
  const ctx = {
    set(...given: unknown[]) {
      set.push(given);
    },
  } as Parameters<typeof slots.take>[0];
  const release = slots.take(ctx);
  assert.throws(() => slots.take(ctx), {
    code: 'unavailable',
    message: /expected fewer streams: 1 are open/,
  });
  assert.deepEqual(set, [['Retry-After', '10']]);
  release();
  slots.take(ctx);
});
