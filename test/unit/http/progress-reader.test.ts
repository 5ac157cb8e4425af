import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProgressReader } from '../../../src/http/progress-reader.ts';
import { ServiceError } from '../../../src/errors.ts';
import { progressKey } from '../../../src/flow/keys.ts';

const progress = { files: 1, bytes: 2, at: '2026-01-01T00:00:00.000Z' };

test('clients share one read of the store for a while, and while the store fails they see what is known', async () => {
  let now = 0;
  const keys: string[] = [];
  let answer: () => Promise<{ key: string; size: number; etag: string; bytes: Buffer } | undefined>;
  const bytes = Buffer.from(JSON.stringify(progress));
  answer = () => Promise.resolve({ key: '', size: bytes.length, etag: '', bytes });
  const progressOf = createProgressReader({
    store: {
      read(key) {
        keys.push(key);
        return answer();
      },
    },
    freshMillis: 1000,
    monotonic: () => now,
  });
  const all = await Promise.all([
    progressOf('flow-a', 'x'),
    progressOf('flow-a', 'x'),
    progressOf('flow-b', 'x'),
  ]);
  assert.deepEqual(all, [progress, progress, progress]);
  assert.deepEqual(keys, [progressKey('flow-a', 'x'), progressKey('flow-b', 'x')]);
  now = 999;
  await progressOf('flow-a', 'x');
  assert.equal(keys.length, 2);
  now = 1000;
  answer = () => Promise.reject(new ServiceError('store-unavailable', 'no answer'));
  assert.deepEqual(await progressOf('flow-a', 'x'), progress);
  assert.equal(await progressOf('flow-c', 'x'), undefined);
  assert.equal(keys.length, 4);
  now = 2000;
  answer = () => Promise.resolve(undefined);
  assert.equal(await progressOf('flow-a', 'x'), undefined);
});
