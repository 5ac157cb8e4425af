import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readWait, waitForChange } from '../../../../../../src/http/routes/api/jobs/wait-for-change.ts';

/** Something that changes when a test says so, and counts how often it is read. */
function changing() {
  const listeners = new Set<() => void>();
  const seen = { value: 'old', reads: 0 };
  return {
    seen,
    listeners,
    change: (value: string): void => {
      seen.value = value;
      for (const listener of listeners) listener();
    },
    waiting: {
      read() {
        seen.reads += 1;
        return Promise.resolve(seen.value);
      },
      subscribe(listener: () => void) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      isNews: (value: string) => value === 'new',
    },
  };
}

test('a change ends the wait, and each change costs one read', async () => {
  const { seen, listeners, change, waiting } = changing();
  const waited = waitForChange({ ...waiting, seconds: 60 }, new AbortController().signal);
  change('between');
  await new Promise(setImmediate);
  change('new');
  assert.equal(await waited, 'new');
  assert.ok(seen.reads <= 3, `${seen.reads} reads`);
  assert.equal(listeners.size, 0);
});

test('without a change it is read at the start and at the end', async () => {
  const { seen, listeners, waiting } = changing();
  assert.equal(await waitForChange({ ...waiting, seconds: 1 }, new AbortController().signal), 'old');
  // A timer may end a fraction of a millisecond early.
  assert.ok(seen.reads <= 3, `${seen.reads} reads`);
  assert.equal(listeners.size, 0);
});

test('nobody waits when the signal has aborted, or without a preference', async () => {
  const { seen, waiting } = changing();
  assert.equal(await waitForChange({ ...waiting, seconds: 60 }, AbortSignal.abort()), 'old');
  assert.equal(await waitForChange({ ...waiting, seconds: undefined }, new AbortController().signal), 'old');
  assert.equal(seen.reads, 2);
});

for (const [header, seconds] of [
  ['wait=30', 30],
  ['respond-async, wait=5', 5],
  ['wait="10"', 10],
  ['wait=100000', 60],
  ['', undefined],
  ['await=3', undefined],
  ['wait=soon', undefined],
] as const)
  test(`the preference ${JSON.stringify(header)} is a wait of ${String(seconds)} seconds`, () => {
    assert.equal(readWait(header), seconds);
  });
