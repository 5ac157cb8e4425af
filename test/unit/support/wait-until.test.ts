import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitUntil } from '../../support/wait-until.ts';

test('returns what the condition gives once it is there', async () => {
  const answers = [undefined, false, null, 0];
  assert.equal(await waitUntil('a number', () => answers.shift(), { everyMs: 1 }), 0);
});

test('a throw counts as not yet', async () => {
  let tries = 0;
  const value = await waitUntil(
    'the third try',
    () => {
      tries += 1;
      assert.ok(tries > 2);
      return tries;
    },
    { everyMs: 1 },
  );
  assert.equal(value, 3);
});

test('the error names what was awaited and the last value', async () => {
  const never = waitUntil('pigs fly', () => false, { deadlineMs: 20, everyMs: 1 });
  await assert.rejects(never, /until pigs fly; the last try gave false/);
});

test('the error carries the last throw as its cause', async () => {
  const cause = new Error('no wings');
  const never = waitUntil('pigs fly', () => Promise.reject(cause), { deadlineMs: 20, everyMs: 1 });
  await assert.rejects(never, (error: Error) => error.cause === cause);
});

test('a condition that never answers does not outlive the deadline', async () => {
  const never = waitUntil('an answer', () => new Promise(() => undefined), { deadlineMs: 20 });
  await assert.rejects(never, /until an answer/);
});

test('an abort ends the wait with its own reason', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const never = waitUntil('an answer', () => new Promise(() => undefined), { signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(never, reason);
});
