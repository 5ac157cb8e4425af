import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../../../src/errors.ts';
import { pauseMillis, repeat } from '../../../../src/storage/upload/repeat.ts';

const quick = { firstMillis: 1, maxMillis: 2, random: () => 0.5 };
const { signal } = new AbortController();
const away = new ServiceError('store-unavailable', 'away');

test('tries until it works and tells of each failure', async () => {
  const told: number[] = [];
  let calls = 0;
  const result = await repeat(
    () => {
      calls += 1;
      return calls < 4 ? Promise.reject(away) : Promise.resolve('done');
    },
    { ...quick, onFailure: ({ attempt }) => told.push(attempt) },
    signal,
  );
  assert.deepEqual({ result, told }, { result: 'done', told: [1, 2, 3] });
});

test('throws a final failure at once', async () => {
  let calls = 0;
  const refused = new ServiceError('store-refused', 'no');
  await assert.rejects(
    repeat(
      () => {
        calls += 1;
        return Promise.reject(refused);
      },
      quick,
      signal,
    ),
    refused,
  );
  assert.equal(calls, 1);
});

test('throws the last failure when the signal aborts, since that says more', async () => {
  const over = new AbortController();
  const trying = repeat(
    () => Promise.reject(away),
    {
      ...quick,
      firstMillis: 1_000_000,
      maxMillis: 1_000_000,
      onFailure: () => {
        over.abort(new Error('over'));
      },
    },
    over.signal,
  );
  await assert.rejects(trying, away);
});

const pauses = [
  { name: 'the first', attempt: 1, random: 1, pause: 100 },
  { name: 'the third', attempt: 3, random: 1, pause: 400 },
  { name: 'half of it is chance', attempt: 3, random: 0, pause: 200 },
  { name: 'never longer than the longest', attempt: 2000, random: 1, pause: 5000 },
];
for (const { name, attempt, random, pause } of pauses) {
  test(`pauses with back-off: ${name}`, () => {
    assert.equal(pauseMillis(attempt, { firstMillis: 100, maxMillis: 5000, random: () => random }), pause);
  });
}
