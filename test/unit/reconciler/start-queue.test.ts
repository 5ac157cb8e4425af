import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Flow } from '../../../src/flow/flow.ts';
import { StartQueue } from '../../../src/reconciler/start-queue.ts';
import { aFlow, at } from '../../support/flow-values.ts';

/** Accepted after so many seconds. */
function accepted(name: string, seconds: number, priority?: number): Flow {
  const flow = aFlow({ name });
  const request = {
    ...flow.request,
    acceptedAt: at(seconds),
    ...(priority === undefined ? {} : { priority }),
  };
  return { ...flow, request };
}

function queueOf(limit: number, ...flows: Flow[]): { queue: StartQueue; flows: Flow[] } {
  return { queue: new StartQueue({ limit, flows: () => flows }), flows };
}

test('higher priority goes first, then the earlier one, and of two at once the lower name', () => {
  const { queue } = queueOf(
    10,
    accepted('low', 0, -5),
    accepted('second', 2),
    accepted('first', 1),
    accepted('b', 3),
    accepted('a', 3),
    accepted('high', 9, 7),
    accepted('named-zero', 2.5, 0),
  );
  assert.deepEqual(queue.next(), ['high', 'first', 'second', 'named-zero', 'a', 'b', 'low']);
});

test('a flow takes a slot from the begin of its preparation to its outcome; one that receives or is refused takes none', async () => {
  const cancelled = { phase: 'cancelled', at: at(9), reason: 'cancelled-by-user', message: 'm' } as const;
  const plain = aFlow();
  const { queue, flows } = queueOf(
    2,
    { ...accepted('running', 0), startedAt: at(1) },
    { ...accepted('ended', 0), startedAt: at(1), outcome: cancelled },
    { ...accepted('receives', 0), plan: { ...plain.plan, receives: true } },
    { ...accepted('refused', 0), plan: { ...plain.plan, refused: 'why' } },
    accepted('a', 1),
    accepted('b', 2),
  );
  const [, , , , a, b] = flows;
  assert.ok(a !== undefined && b !== undefined);
  assert.deepEqual([queue.next(), queue.hasTurn(a), queue.hasTurn(b)], [['a'], true, false]);
  const preparing = Promise.withResolvers<undefined>();
  const prepared = queue.starting(a, () => preparing.promise);
  // A later one of higher priority does not get the slot that is being taken.
  flows.push(accepted('urgent', 3, 100));
  assert.deepEqual(queue.next(), []);
  preparing.reject(new Error('the store does not answer'));
  await assert.rejects(prepared);
  assert.deepEqual(queue.next(), ['urgent']);
});

test('without a limit every flow has its turn', () => {
  const { queue, flows } = queueOf(0, accepted('a', 1), accepted('b', 2));
  assert.deepEqual(
    flows.map((flow) => queue.hasTurn(flow)),
    [true, true],
  );
  assert.deepEqual(queue.next(), []);
});
