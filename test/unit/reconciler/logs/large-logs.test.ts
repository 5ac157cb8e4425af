import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LargeLogs } from '../../../../src/reconciler/logs/large-logs.ts';

const { signal } = new AbortController();
const large = 2 * 1024 * 1024;

async function isHeld(memory: ReturnType<LargeLogs['open']>): Promise<boolean> {
  const waiting = Symbol('waiting');
  const tick = new Promise((resolve) => setImmediate(resolve, waiting));
  return (await Promise.race([memory.hold(large, signal), tick])) !== waiting;
}

test('two large logs are held at once, and any number of small ones', async () => {
  const all = new LargeLogs();
  const [first, second, third] = [all.open(), all.open(), all.open()];
  assert.deepEqual([await isHeld(first), await isHeld(first), await isHeld(second)], [true, true, true]);
  await third.hold(1000, signal);
  const turn = third.hold(large, signal);
  first[Symbol.dispose]();
  await turn;
  assert.equal(await isHeld(all.open()), false);
});

test('one that gives up waiting takes no turn from another', async () => {
  const all = new LargeLogs();
  const [first, second, third, fourth] = [all.open(), all.open(), all.open(), all.open()];
  for (const memory of [first, second]) await memory.hold(large, signal);
  const leaving = new AbortController();
  const left = assert.rejects(third.hold(large, leaving.signal), /too late/);
  const turn = fourth.hold(large, signal);
  leaving.abort(new Error('too late'));
  await left;
  third[Symbol.dispose]();
  second[Symbol.dispose]();
  await turn;
});
