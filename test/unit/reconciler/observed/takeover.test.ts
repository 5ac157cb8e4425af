import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../../../src/errors.ts';
import { createLogger } from '../../../../src/log.ts';
import { createTakeover } from '../../../../src/reconciler/observed/takeover.ts';
import { waitUntil } from '../../../support/wait-until.ts';

const options = { backoff: { firstMillis: 1, maxMillis: 5 }, log: createLogger('silent') };

function clusterAt(answers: (string | Error)[]) {
  let asked = 0;
  const jobs = {
    list: () => {
      const answer = answers[asked];
      asked += 1;
      return answer instanceof Error || answer === undefined
        ? Promise.reject(answer ?? new Error('no more answers'))
        : Promise.resolve({ items: [], continue: undefined, resourceVersion: answer });
    },
  };
  return { jobs, asked: () => asked };
}

test('a takeover is over once the cache has more than what the cluster had when the term began', async () => {
  const takeover = createTakeover({ ...options, jobs: clusterAt(['40', '70']).jobs });
  assert.equal(takeover.isOver(Number.MAX_SAFE_INTEGER), false, 'it does not lead');
  const first = new AbortController();
  takeover.start(first.signal);
  assert.equal(takeover.isOver(1000), false, 'nothing is known yet');
  await waitUntil('the version', () => takeover.isOver(41));
  assert.equal(takeover.isOver(40), false, 'that may be the last write before the term');
  first.abort();
  assert.equal(takeover.isOver(1000), false);

  const second = new AbortController();
  takeover.start(second.signal);
  await waitUntil('the version of the second term', () => takeover.isOver(71));
  assert.equal(takeover.isOver(60), false);
  second.abort();
});

test('the version is read until it is answered, and not after the term', async () => {
  const down = new ServiceError('cluster-unavailable', 'down');
  const cluster = clusterAt([down, down, '40']);
  const takeover = createTakeover({ ...options, jobs: cluster.jobs });
  const term = new AbortController();
  takeover.start(term.signal);
  await waitUntil('the version', () => takeover.isOver(41));
  assert.equal(cluster.asked(), 3);
  term.abort();

  const hanging = Promise.withResolvers<never>();
  const late = createTakeover({ ...options, jobs: { list: () => hanging.promise } });
  const short = new AbortController();
  late.start(short.signal);
  short.abort();
  hanging.reject(down);
  await hanging.promise.catch(() => undefined);
  assert.equal(late.isOver(1000), false);
});
