import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '../../../src/log.ts';
import { startWorkQueue } from '../../../src/reconciler/work-queue.ts';
import { waitUntil } from '../../support/wait-until.ts';

const options = {
  concurrency: 2,
  backoff: { firstMillis: 1, maxMillis: 4 },
  log: createLogger('silent'),
  random: () => 0.5,
};

test('a key is worked on by one pass at a time, and once more if it was wanted meanwhile', async () => {
  const gates = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
  let passes = 0;
  let together = 0;
  let mostTogether = 0;
  const queue = startWorkQueue({
    ...options,
    work: async () => {
      const gate = gates[passes];
      passes += 1;
      together += 1;
      mostTogether = Math.max(mostTogether, together);
      await gate?.promise;
      together -= 1;
      return {};
    },
  });
  queue.add('a');
  queue.add('a');
  queue.add('a');
  gates[0]?.resolve(undefined);
  await waitUntil('a second pass', () => passes === 2);
  gates[1]?.resolve(undefined);
  await waitUntil('an empty queue', () => queue.size() === 0);
  assert.equal(passes, 2);
  assert.equal(mostTogether, 1);
  await queue.stop();
});

test('no more keys are worked on at once than the concurrency', async () => {
  const gate = Promise.withResolvers<undefined>();
  const started: string[] = [];
  const queue = startWorkQueue({
    ...options,
    work: async (key) => {
      started.push(key);
      await gate.promise;
      return {};
    },
  });
  for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
  assert.deepEqual(started, ['a', 'b']);
  gate.resolve(undefined);
  await waitUntil('all four', () => started.length === 4);
  await queue.stop();
});

test('a failed pass is tried again until it succeeds, and asks no longer then', async () => {
  let passes = 0;
  const queue = startWorkQueue({
    ...options,
    work: () => {
      passes += 1;
      return passes < 4 ? Promise.reject(new Error('not yet')) : Promise.resolve({});
    },
  });
  queue.add('a');
  await waitUntil('the fourth pass', () => passes === 4 && queue.size() === 0);
  await queue.stop();
  assert.equal(passes, 4);
});

test('stopping takes no more keys and waits for the pass that runs', async () => {
  const gate = Promise.withResolvers<undefined>();
  const ended: string[] = [];
  const queue = startWorkQueue({
    ...options,
    concurrency: 1,
    work: async (key, signal) => {
      await gate.promise;
      ended.push(`${key} ${signal.aborted ? 'aborted' : 'undisturbed'}`);
      return { againAfterMillis: 1 };
    },
  });
  queue.add('a');
  queue.add('b');
  const stopped = queue.stop();
  queue.add('c');
  gate.resolve(undefined);
  await stopped;
  assert.deepEqual(ended, ['a aborted']);
});
