import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { test } from 'node:test';
import { pushResults } from '../../../src/transfer/push-results.ts';
import { TransferPool, type PoolOptions, type Transfer } from '../../../src/transfer/transfer-pool.ts';
import type { PushResult } from '../../../src/transfer/types.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { huge, pushOf, resultsInMemory } from './pushes.ts';
import { startSink, take } from './sinks.ts';

const done: PushResult = { result: 'done', bytes: 1, attempts: 1 };

/** Transfers that end when the test says so, or when they are aborted. */
function runner() {
  const started: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<PushResult>>();
  const reports = new Map<string, (bytes: number) => void>();
  function transfer(name: string, sink = name): Transfer {
    return {
      sink,
      run(signal, onProgress) {
        const end = Promise.withResolvers<PushResult>();
        started.push(name);
        ends.set(name, end);
        reports.set(name, onProgress);
        signal.addEventListener('abort', () => {
          end.reject(signal.reason as Error);
        });
        return end.promise;
      },
    };
  }
  async function end(name: string): Promise<void> {
    ends.get(name)?.resolve(done);
    await nextTurn();
  }
  return { started, reports, transfer, end };
}

function poolOf(options: Partial<PoolOptions> = {}) {
  const ended: string[] = [];
  const stop = new AbortController();
  function onEnd(flow: string): void {
    ended.push(flow);
  }
  const pool = new TransferPool({ concurrency: 2, perSink: 2, onEnd, ...options }, stop.signal);
  return { pool, ended, stop };
}

test('as many run at once as the bound says, in the order of their starts', async () => {
  const { pool, ended } = poolOf();
  const { started, transfer, end, reports } = runner();
  for (const name of ['a', 'b', 'c', 'd']) assert.equal(pool.start(name, transfer(name)), true);
  assert.deepEqual(started, ['a', 'b']);
  assert.deepEqual(pool.stateOf('c'), { state: 'queued' });
  reports.get('a')?.(7);
  assert.deepEqual(pool.stateOf('a'), { state: 'running', bytes: 7 });
  await end('b');
  assert.deepEqual(started, ['a', 'b', 'c']);
  assert.deepEqual(pool.stateOf('b'), { state: 'ended', result: done });
  assert.deepEqual(ended, ['b']);
  assert.equal(pool.stateOf('e'), undefined);
  await pool.close();
});

test('a flow has one transfer, until its result is taken', async () => {
  const { pool } = poolOf();
  const { started, transfer, end } = runner();
  assert.equal(pool.start('a', transfer('a')), true);
  assert.equal(pool.start('a', transfer('a')), false);
  assert.equal(pool.take('a'), undefined, 'it still runs');
  await end('a');
  assert.equal(pool.start('a', transfer('a')), false);
  assert.deepEqual(pool.take('a'), done);
  assert.equal(pool.take('a'), undefined);
  assert.equal(pool.start('a', transfer('a')), true);
  assert.deepEqual(started, ['a', 'a']);
  await pool.close();
});

test('transfers to one sink leave places for others', async () => {
  const { pool } = poolOf({ concurrency: 3, perSink: 2 });
  const { started, transfer, end } = runner();
  for (const name of ['a', 'b', 'c']) pool.start(name, transfer(name, 'slow'));
  pool.start('d', transfer('d', 'fast'));
  pool.start('e', transfer('e', 'fast'));
  assert.deepEqual(started, ['a', 'b', 'd']);
  await end('d');
  assert.deepEqual(started, ['a', 'b', 'd', 'e']);
  await end('a');
  assert.deepEqual(started, ['a', 'b', 'd', 'e', 'c']);
  await pool.close();
});

test('an abort stops a running transfer, forgets it and gives its place to the next', async () => {
  const { pool, ended } = poolOf({ concurrency: 1 });
  const { started, transfer } = runner();
  pool.start('a', transfer('a'));
  pool.start('b', transfer('b'));
  const stopped = pool.abort('a');
  assert.equal(pool.start('a', transfer('a')), false, 'the first has not ended yet');
  await stopped;
  assert.equal(pool.stateOf('a'), undefined);
  assert.deepEqual(started, ['a', 'b']);
  await waitUntil('its end is reported', () => ended.includes('a'));
  assert.equal(pool.start('a', transfer('a')), true);
  await pool.close();
});

test('an abort forgets a transfer that waits, and one that has ended', async () => {
  const { pool } = poolOf({ concurrency: 1 });
  const { started, transfer, end } = runner();
  pool.start('a', transfer('a'));
  pool.start('b', transfer('b'));
  await pool.abort('b');
  assert.equal(pool.stateOf('b'), undefined);
  await end('a');
  await pool.abort('a');
  assert.equal(pool.take('a'), undefined);
  await pool.abort('unknown');
  assert.deepEqual(started, ['a']);
});

test('a transfer that throws is interrupted, and its place is free', async () => {
  const { pool } = poolOf({ concurrency: 1 });
  const { started, transfer } = runner();
  pool.start('a', { sink: 'a', run: () => Promise.reject(new Error('a fault')) });
  pool.start('b', transfer('b'));
  await waitUntil('the next one runs', () => started.includes('b'));
  assert.deepEqual(pool.take('a'), { result: 'interrupted', problem: 'a fault', attempts: 0 });
  await pool.close();
});

test('the signal of the service ends all, and nothing starts afterwards', async () => {
  const { pool, stop, ended } = poolOf({ concurrency: 1 });
  const { started, transfer } = runner();
  pool.start('a', transfer('a'));
  pool.start('b', transfer('b'));
  stop.abort(new Error('the service stops'));
  assert.equal(pool.start('c', transfer('c')), false);
  await pool.close();
  assert.deepEqual(started, ['a']);
  for (const flow of ['a', 'b', 'c']) assert.equal(pool.stateOf(flow), undefined);
  assert.deepEqual(ended, ['a']);
});

test('a pool of a stopped service starts nothing', () => {
  const signal = AbortSignal.abort();
  const pool = new TransferPool({ concurrency: 1, perSink: 1, onEnd: () => undefined }, signal);
  assert.equal(pool.start('a', runner().transfer('a')), false);
});

test('a sink that never reads delays no other sink, and an abort takes the bytes off the wire', async (t) => {
  const results = resultsInMemory({ a: huge });
  const dead = await startSink(t, () => undefined);
  const live = await startSink(t, take);
  const { pool } = poolOf({ concurrency: 2, perSink: 1 });
  function transferTo(url: string): Transfer {
    return {
      sink: new URL(url).origin,
      run: (signal, onProgress) =>
        pushResults(pushOf(results, { sink: { url, headers: {} }, onProgress }), signal),
    };
  }
  pool.start('dead-1', transferTo(dead.url));
  pool.start('dead-2', transferTo(dead.url));
  for (const name of ['live-1', 'live-2']) pool.start(name, transferTo(live.url));
  await waitUntil('the live sink has all', () => pool.stateOf('live-2')?.state === 'ended');
  assert.equal(live.requests.length, 2);
  assert.equal(dead.requests.length, 1);
  assert.equal(pool.stateOf('dead-2')?.state, 'queued');
  await pool.abort('dead-1');
  await waitUntil('the next one to it runs', () => dead.requests.length === 2);
  await pool.close();
  await dead.untilClosed();
  assert.equal(results.store.open.size, 0);
});
