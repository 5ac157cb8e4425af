import assert from 'node:assert/strict';
import { test } from 'node:test';
import { release } from '../../src/release-memory.ts';

test('the memory of a whole buffer is given back', () => {
  const whole = Buffer.alloc(1024, 'x');
  release(whole);
  assert.equal(whole.length, 0);
  assert.equal(whole.buffer.byteLength, 0);
  release(whole);
});

test('memory that another buffer may read is kept', () => {
  const parent = Buffer.alloc(1024, 'x');
  release(parent.subarray(1));
  release(parent.subarray(0, 1023));
  assert.ok(parent.equals(Buffer.alloc(1024, 'x')));
  const pooled = Buffer.from('short');
  release(pooled);
  assert.equal(pooled.toString(), 'short');
});
