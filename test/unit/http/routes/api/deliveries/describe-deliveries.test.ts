import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listDeliveries } from '../../../../../../src/flow/list-deliveries.ts';
import { describeDeliveries } from '../../../../../../src/http/routes/api/deliveries/describe-deliveries.ts';
import { at } from '../../../../../support/flow-values.ts';

test('a message has its state, and no time or detail that is not known', () => {
  const failed = { attempts: 1, startedAt: at(1), endedAt: at(2), result: 'failed', detail: '503' } as const;
  const { items } = describeDeliveries(
    listDeliveries({
      readiness: { attempts: 0 },
      delivery: failed,
      confirmation: { attempts: 1, startedAt: at(3) },
    }),
  );
  const nothing = { attemptCount: 0, attempts: [] };
  assert.deepEqual(items, [
    { number: 1, message: 'readiness', state: 'waiting', ...nothing },
    { number: 2, message: 'outcome', state: 'failed', endedAt: at(2), detail: '503', ...nothing },
    { number: 3, message: 'confirmation', state: 'under-way', ...nothing },
  ]);
});
