import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Delivery } from '../../../src/flow/delivery.ts';
import { summariseDeliveries } from '../../../src/flow/summarise-deliveries.ts';
import { aFlow, at } from '../../support/flow-values.ts';

const outcome = { phase: 'failed', at: at(0), reason: 'worker-failed', message: 'exit code 1' } as const;

function delivered(second: number, result: 'failed' | 'delivered'): Delivery {
  const attempt = { sent: 'failure', startedAt: at(second), endedAt: at(second), result } as const;
  return { attempts: 1, startedAt: at(second), result, history: { total: 1, kept: [attempt] } };
}

test('a connector is as its own open flows say: those that wait for it, and its latest answer', () => {
  const flows = [
    aFlow({ name: 'flow-a', outcome, delivery: delivered(10, 'delivered') }),
    aFlow({ name: 'flow-b', outcome, delivery: delivered(20, 'failed') }),
    aFlow({ name: 'flow-c' }),
    aFlow({
      name: 'flow-d',
      outcome,
      delivery: delivered(30, 'failed'),
      request: { ...aFlow().request, connector: 'other' },
    }),
  ];
  const last = { flow: 'flow-b', sent: 'failure', startedAt: at(20), endedAt: at(20), result: 'failed' };
  assert.deepEqual(summariseDeliveries(flows, 'provider'), { open: 3, undelivered: 1, last });
  assert.deepEqual(summariseDeliveries([], 'provider'), { open: 0, undelivered: 0 });
});
