import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BufferPool } from '../../../../src/storage/upload/buffer-pool.ts';
import { partBytes } from '../../../../src/storage/upload/multipart-upload.ts';

const { signal } = new AbortController();
function tick(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('holds back what exceeds the budget until something is given back, in order', async () => {
  const pool = new BufferPool(2 * partBytes);
  const first = await pool.take(partBytes, signal);
  await pool.take(partBytes, signal);
  const got: string[] = [];
  const third = pool.take(partBytes, signal).then((buffer) => {
    got.push('third');
    return buffer;
  });
  const fourth = pool.take(100_000, signal).then(() => got.push('fourth'));
  await tick();
  assert.deepEqual(got, []);
  pool.give(first);
  assert.equal(await third, first, 'buffers are used again');
  assert.deepEqual(got, ['third']);
  pool.give(await third);
  await fourth;
  assert.deepEqual(got, ['third', 'fourth']);
});

test('gives a buffer larger than the whole budget alone', async () => {
  const pool = new BufferPool(2 * partBytes);
  const small = await pool.take(partBytes, signal);
  let granted = false;
  const huge = pool.take(5 * partBytes, signal).then((buffer) => {
    granted = true;
    return buffer;
  });
  await tick();
  assert.equal(granted, false);
  pool.give(small);
  assert.equal((await huge).length, 5 * partBytes);
});

test('lets a waiter go when its signal aborts, and serves the next', async () => {
  const pool = new BufferPool(partBytes);
  const held = await pool.take(partBytes, signal);
  const impatient = new AbortController();
  const waiting = pool.take(partBytes, impatient.signal);
  const next = pool.take(partBytes, signal);
  impatient.abort(new Error('enough'));
  await assert.rejects(waiting, /enough/);
  pool.give(held);
  assert.equal(await next, held);
});
