import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../../../src/errors.ts';
import { openPodLog } from '../../../../src/requests/logs/pod-log.ts';

type Cluster = Parameters<typeof openPodLog>[0];

const wanted = { container: 'worker', follow: true, timestamps: false };
const line = Buffer.from('2026-11-28T12:00:00Z a-secret-value\n');

/** A log that goes on until its request ends. */
function endless() {
  const state = { given: 0, ended: false };
  const cluster: Cluster = {
    openLog: (_pod, _options, signal) => {
      async function* chunks(): AsyncGenerator<Buffer, void> {
        for (;;) {
          if (state.given === 2) await untilAborted(signal);
          signal.throwIfAborted();
          state.given += 1;
          yield line;
        }
      }
      signal.addEventListener('abort', () => {
        state.ended = true;
      });
      return Promise.resolve(chunks());
    },
  };
  return { cluster, state };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}

function open(cluster: Cluster, signal: AbortSignal) {
  const log = { wanted, pod: 'flow-a-abcde', ended: false, secrets: [Buffer.from('a-secret-value')] };
  return openPodLog(cluster, { ...log, isOver: () => Promise.resolve(false) }, signal);
}

test('a log is read when its reader wants it, and its request ends when the reader leaves', async () => {
  const { cluster, state } = endless();
  const log = (await open(cluster, new AbortController().signal))[Symbol.asyncIterator]();
  assert.equal(state.given, 0);
  const first = (await log.next()) as IteratorYieldResult<Buffer>;
  assert.equal(first.value.toString(), '[redacted]\n');
  assert.deepEqual(state, { given: 1, ended: false });
  await log.return?.();
  assert.equal(state.ended, true);
});

test('the request of a log that is silent ends with its client', async () => {
  const { cluster, state } = endless();
  const client = new AbortController();
  const log = (await open(cluster, client.signal))[Symbol.asyncIterator]();
  await log.next();
  await log.next();
  const next = assert.rejects(log.next(), /has left/);
  client.abort(new Error('the client has left'));
  await next;
  assert.equal(state.ended, true);
});

test('a log that cannot be opened is an error before anything is sent', async () => {
  const refused = new ServiceError('cluster-refused', 'container "worker" is waiting to start');
  const cluster: Cluster = { openLog: () => Promise.reject(refused) };
  await assert.rejects(open(cluster, new AbortController().signal), refused);
});
