import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '../../../../src/log.ts';
import {
  startWorkQueue,
  type PassEnd,
  type WorkQueue,
} from '../../../../src/reconciler/machinery/work-queue.ts';
import { waitUntil } from '../../../support/wait-until.ts';

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

test('a key that asks for another pass at once gets it after the keys that wait', async () => {
  const passes: string[] = [];
  const queue = startWorkQueue({
    ...options,
    concurrency: 1,
    work: (key) => {
      const isFirst = !passes.includes(key);
      passes.push(key);
      return Promise.resolve(isFirst ? { requeueAfterMillis: 0 } : {});
    },
  });
  for (const key of ['a', 'b', 'c']) queue.add(key);
  await waitUntil('two passes each', () => passes.length === 6);
  assert.deepEqual(passes.slice(0, 3), ['a', 'b', 'c']);
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
      return { requeueAfterMillis: 1 };
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

/** A queue whose key stands at `step` and fails there in every pass; the back-off never ends within a test. */
function startFailing(duringPass: (queue: WorkQueue) => void = () => undefined) {
  const state = { step: 'deliver', passes: 0, failing: true };
  const queue = startWorkQueue({
    ...options,
    backoff: { firstMillis: 3_600_000, maxMillis: 3_600_000 },
    hasMoved: (_, stoppedAt) => state.step !== stoppedAt,
    work: () => {
      state.passes += 1;
      duringPass(queue);
      const failure = state.failing ? { error: new Error('nobody listens') } : undefined;
      return Promise.resolve({ stoppedAt: state.step, failure });
    },
  });
  return { queue, state };
}

test('a key that failed is not worked on before its back-off is over for a change that gives it no other step', async () => {
  const { queue, state } = startFailing();
  queue.add('a');
  await waitUntil('the first pass', () => state.passes === 1 && queue.size() === 0);
  queue.add('a');
  assert.deepEqual([state.passes, queue.size()], [1, 0]);

  state.step = 'delete';
  queue.add('a');
  await waitUntil('a pass for the other step', () => state.passes === 2 && queue.size() === 0);
  queue.add('a');
  assert.deepEqual([state.passes, queue.size()], [2, 0]);
  await queue.stop();
});

test('an echo that comes while the pass runs does not repeat the step that fails', async () => {
  const { queue, state } = startFailing((running) => {
    running.add('a');
  });
  queue.add('a');
  await waitUntil('an empty queue', () => queue.size() === 0);
  assert.equal(state.passes, 1);
  await queue.stop();
});

test('what changes the step while the pass runs is worked on at once', async () => {
  const { queue, state } = startFailing((running) => {
    if (state.passes > 1) return;
    running.add('a');
    queueMicrotask(() => {
      state.step = 'delete';
    });
  });
  queue.add('a');
  await waitUntil('an empty queue', () => queue.size() === 0 && state.passes > 0);
  assert.equal(state.passes, 2);
  await queue.stop();
});

test('failures in a row at one step add up, whatever passes in between were too early; another step begins at one', async () => {
  const counted: number[] = [];
  const log = createLogger('silent');
  log.warn = (entry: { failures: number }) => counted.push(entry.failures);
  const error = new Error('nobody listens');
  const ends: PassEnd[] = [
    { stoppedAt: 'deliver', failure: { error } },
    { stoppedAt: 'deliver', failure: { error } },
    { stoppedAt: 'deliver', requeueAfterMillis: 0 },
    { stoppedAt: 'deliver', failure: { error } },
    { stoppedAt: 'record', failure: { error } },
    { stoppedAt: 'record', failure: { error } },
    { requeueAfterMillis: 0 },
    { stoppedAt: 'record', failure: { error } },
  ];
  let passes = 0;
  const queue = startWorkQueue({
    ...options,
    log,
    work: () => {
      passes += 1;
      return Promise.resolve(ends[passes - 1] ?? {});
    },
  });
  queue.add('a');
  await waitUntil('all passes', () => passes > ends.length && queue.size() === 0);
  assert.deepEqual(counted, [1, 2, 3, 1, 2, 1]);
  await queue.stop();
});

test('a pass that asks for no time that is a number is not repeated without a pause', async () => {
  const passes = { a: 0, b: 0 };
  const queue = startWorkQueue({
    ...options,
    backoff: { firstMillis: 3_600_000, maxMillis: 3_600_000 },
    work: (key) => {
      passes[key as 'a' | 'b'] += 1;
      return Promise.resolve({ requeueAfterMillis: key === 'a' ? Date.parse('no date') : 2 });
    },
  });
  queue.add('a');
  queue.add('b');
  await waitUntil('some passes of another key', () => passes.b > 3);
  assert.equal(passes.a, 1);
  await queue.stop();
});
