import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listDeliveries } from '../../../../../../src/flow/list-deliveries.ts';
import { describeDelivery } from '../../../../../../src/http/routes/api/deliveries/describe-deliveries.ts';
import { at } from '../../../../../support/flow-values.ts';

test('a message has its state, and no time or detail that is not known', () => {
  const failed = { attempts: 1, startedAt: at(1), endedAt: at(2), result: 'failed', detail: '503' } as const;
  const items = listDeliveries({
    readiness: { attempts: 0 },
    delivery: failed,
    confirmation: { attempts: 1, startedAt: at(3) },
  }).map((one) => describeDelivery(one, '/deliveries'));
  const nothing = { attemptCount: 0, attempts: [] };
  assert.deepEqual(items, [
    { number: 1, message: 'readiness', state: 'waiting', ...nothing },
    { number: 2, message: 'outcome', state: 'failed', endedAt: at(2), detail: '503', ...nothing },
    { number: 3, message: 'confirmation', state: 'under-way', ...nothing },
  ]);
});

test('a message that may be replayed says how, and when it was replayed last', () => {
  const delivery = { attempts: 4, result: 'abandoned', replay: { at: at(5), count: 1 } } as const;
  const [listed] = listDeliveries({ delivery });
  assert.ok(listed !== undefined);
  const { links, replayedAt } = describeDelivery({ ...listed, replayable: true }, '/deliveries');
  assert.deepEqual([links, replayedAt], [{ replay: '/deliveries/1/replay' }, at(5)]);
  assert.equal(describeDelivery(listed, '/deliveries').links, undefined);
});
