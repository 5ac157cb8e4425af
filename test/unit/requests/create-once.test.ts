import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CreateOnceCache } from '../../../src/requests/create-once.ts';

test('what is asked for together is written once, and by another one if that fails', async () => {
  const names = new CreateOnceCache(() => 0);
  const first = Promise.withResolvers<undefined>();
  let writes = 0;
  async function fail(): Promise<void> {
    writes += 1;
    await first.promise;
  }
  function write(): Promise<void> {
    writes += 1;
    return Promise.resolve();
  }
  const failing = assert.rejects(names.once('a', fail), /down/);
  const waiting = names.once('a', write);
  assert.equal(writes, 1);
  first.reject(new Error('down'));
  await Promise.all([failing, waiting]);
  await names.once('a', write);
  assert.equal(writes, 2);
});
