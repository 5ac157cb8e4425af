import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Wake } from '../../../src/http/wake.ts';

const longMillis = 600_000;
const { signal } = new AbortController();

test('a call ends the wait, also one that came before it, and only that one', async () => {
  const wake = new Wake();
  wake.call();
  wake.call();
  await wake.wait(longMillis, signal);
  let over = false;
  const waiting = wake.wait(longMillis, signal).then(() => (over = true));
  await new Promise(setImmediate);
  assert.equal(over, false);
  wake.call();
  await waiting;
});

test('a wait ends with its time and with its signal', async () => {
  const wake = new Wake();
  await wake.wait(1, signal);
  const ending = new AbortController();
  const waiting = wake.wait(longMillis, ending.signal);
  ending.abort();
  await waiting;
  await wake.wait(longMillis, ending.signal);
});
