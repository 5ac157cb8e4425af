import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createReceptionSlots } from '../../../src/inbox/reception-slots.ts';

test('an upload beyond the limit is refused, and a place is free again after an upload that failed', async () => {
  const slots = createReceptionSlots(1, 'transfers.maxUploads');
  const first = Promise.withResolvers<string>();
  const receiving = slots.with(() => first.promise);
  await assert.rejects(
    slots.with(() => Promise.resolve('second')),
    { code: 'unavailable' },
  );
  first.reject(new Error('broken off'));
  await assert.rejects(receiving, /broken off/);
  assert.equal(await slots.with(() => Promise.resolve('third')), 'third');
});
