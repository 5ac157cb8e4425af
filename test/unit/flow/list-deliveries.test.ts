import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endAttempt, startAttempt, type Delivery } from '../../../src/flow/delivery.ts';
import { listDeliveries } from '../../../src/flow/list-deliveries.ts';
import { at } from '../../support/flow-values.ts';

function attemptsOf(delivery: Delivery) {
  return listDeliveries({ delivery })[0]?.attempts;
}

function fail(delivery: Delivery | undefined, second: number, detail = 'answered 503'): Delivery {
  const started = startAttempt(delivery, { sent: 'results', startedAt: at(second) });
  return endAttempt(started, { endedAt: at(second + 1), result: 'failed', detail });
}

test('every attempt has its time and its answer, also when the delivery ends without another one', () => {
  let delivery = endAttempt(fail(fail(undefined, 0), 10), { endedAt: at(100), result: 'abandoned' });
  const kept = [0, 10].map((second, index) => ({
    ...{ number: index + 1, sent: 'results', startedAt: at(second), endedAt: at(second + 1) },
    ...{ result: 'failed', detail: 'answered 503' },
  }));
  assert.deepEqual(attemptsOf(delivery), kept);
  delivery = startAttempt({ ...delivery, attempts: 0 }, { sent: 'failure', startedAt: at(200) });
  assert.deepEqual(attemptsOf(delivery), [...kept, { number: 3, sent: 'failure', startedAt: at(200) }]);
});

test('an attempt of unknown result gets the one that is found out later, and no end that nobody answered', () => {
  const unknown = endAttempt(startAttempt(undefined, { sent: 'results', startedAt: at(0) }), {
    ...{ endedAt: at(1), result: 'unknown', detail: 'its answer was lost' },
  });
  const delivered = endAttempt(unknown, { endedAt: at(9), result: 'delivered' });
  assert.equal(attemptsOf(delivered)?.[0]?.result, 'delivered');
  const abandoned = endAttempt(unknown, { endedAt: at(9), result: 'abandoned' });
  assert.equal(attemptsOf(abandoned)?.[0]?.result, 'unknown');
});

test('the first attempt and the latest ones are kept, with their numbers, however many there are and however long the answers', () => {
  let delivery: Delivery | undefined;
  for (let count = 0; count < 2000; count += 1) delivery = fail(delivery, count * 60, 'x'.repeat(10_000));
  assert.ok(delivery !== undefined);
  const [listed] = listDeliveries({ delivery });
  assert.equal(listed?.total, 2000);
  assert.deepEqual(
    listed.attempts.map(({ number }) => number),
    [1, 1992, 1993, 1994, 1995, 1996, 1997, 1998, 1999, 2000],
  );
  assert.ok(Buffer.byteLength(JSON.stringify(delivery)) < 6000);
});

test('messages are numbered in the order in which they are sent, and a termination says why it takes the place of the results', () => {
  const instead = { at: at(2), reason: 'delivery-refused', message: 'no' } as const;
  const [delivery, confirmation] = [{ attempts: 1, startedAt: at(1) }, { attempts: 0 }];
  assert.deepEqual(
    listDeliveries({ confirmation, terminateInstead: instead, delivery }).map(
      ({ number, of, instead: why }) => [number, of, why],
    ),
    [
      [1, 'delivery', instead],
      [2, 'confirmation', undefined],
    ],
  );
  assert.deepEqual(listDeliveries({}), []);
});
