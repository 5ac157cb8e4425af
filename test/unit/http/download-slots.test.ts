import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDownloadSlots } from '../../../src/http/download-slots.ts';

const signal = new AbortController().signal;
const longMillis = 600_000;

test('a slot goes to the request that has waited longest, and only once', async () => {
  const slots = createDownloadSlots({ limit: 2, waitMillis: longMillis });
  const first = await slots.take(signal);
  await slots.take(signal);
  const order: string[] = [];
  const third = slots.take(signal).then((release) => {
    order.push('third');
    return release;
  });
  const fourth = slots.take(signal).then((release) => {
    order.push('fourth');
    return release;
  });
  first();
  first();
  const release = await third;
  assert.deepEqual(order, ['third']);
  release();
  await fourth;
  assert.deepEqual(order, ['third', 'fourth']);
});

test('a request that waits too long, or finds as many others waiting as there are slots, is refused', async () => {
  const slots = createDownloadSlots({ limit: 1, waitMillis: 1 });
  const release = await slots.take(signal);
  const waiting = slots.take(signal);
  await assert.rejects(slots.take(signal), { code: 'unavailable' });
  await assert.rejects(waiting, { code: 'unavailable' });
  release();
  await slots.take(signal);
});

test('a client that leaves while it waits takes no slot', async () => {
  const slots = createDownloadSlots({ limit: 1, waitMillis: longMillis });
  const release = await slots.take(signal);
  const leaving = new AbortController();
  const left = slots.take(leaving.signal);
  leaving.abort(new Error('the client has gone'));
  await assert.rejects(left, /the client has gone/);
  release();
  await slots.take(signal);
  await assert.rejects(slots.take(leaving.signal), /the client has gone/);
});

test('a slot that becomes free in the tick in which a waiting client leaves is not lost', async () => {
  const slots = createDownloadSlots({ limit: 1, waitMillis: longMillis });
  const release = await slots.take(signal);
  const leaving = new AbortController();
  const left = slots.take(leaving.signal);
  leaving.abort(new Error('the client has gone'));
  release();
  await assert.rejects(left, /the client has gone/);
  const ended = new AbortController();
  const taken = slots.take(ended.signal);
  setImmediate(() => {
    ended.abort(new Error('no slot is free'));
  });
  await taken;
});
