import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../../../src/errors.ts';
import { repeat } from '../../../../src/storage/upload/repeat.ts';

const quick = { firstMillis: 1, maxMillis: 2 };
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
