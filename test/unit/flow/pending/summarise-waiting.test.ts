import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Flow } from '../../../../src/flow/flow.ts';
import { summariseWaiting, type FlowWithAttempts } from '../../../../src/flow/pending/summarise-waiting.ts';
import { aFlow, anAttempt, at, epoch } from '../../../support/flow-values.ts';

const now = epoch + 60_000;
const started = { suspended: false, startedAt: at(10), resumedAt: at(10) };
const blocked = { cause: 'unschedulable' as const, message: 'no node has room', since: at(20) };
const waiting = { state: 'waiting' as const };
const outcome = { phase: 'failed', reason: 'worker-failed', at: at(30) } as unknown as NonNullable<
  Flow['outcome']
>;

const rows: { name: string; observed: FlowWithAttempts; cause: string | undefined; words?: string }[] = [
  { name: 'accepted', observed: { flow: aFlow(), attempts: [] }, cause: 'preparation' },
  {
    name: 'no room on any node',
    observed: { flow: aFlow(started), attempts: [anAttempt({ worker: waiting, blocked })] },
    cause: 'unschedulable',
    words: 'no node has room',
  },
  {
    name: 'a diagnosis from events, saved on the Job',
    observed: {
      flow: aFlow({ ...started, pending: { cause: 'quota', message: 'exceeded quota', since: at(20) } }),
      attempts: [],
    },
    cause: 'quota',
    words: 'exceeded quota',
  },
  {
    name: 'suspended by a queue',
    observed: { flow: aFlow({ ...started, suspended: true }), attempts: [] },
    cause: 'suspended',
  },
  {
    name: 'a pod that starts',
    observed: { flow: aFlow(started), attempts: [anAttempt({ worker: waiting })] },
    cause: 'start',
  },
  { name: 'running', observed: { flow: aFlow(started), attempts: [anAttempt()] }, cause: undefined },
  {
    name: 'its connector has not taken the outcome',
    observed: { flow: aFlow({ ...started, outcome }), attempts: [] },
    cause: 'callback',
    words: 'provider has not taken its outcome yet',
  },
  {
    name: 'its record cannot be written',
    observed: {
      flow: aFlow({
        ...started,
        outcome,
        delivery: { attempts: 1, result: 'delivered' },
        state: 'unrecorded',
      }),
      attempts: [],
    },
    cause: 'record',
  },
];

for (const { name, observed, cause, words } of rows) {
  test(`waiting: ${name}`, () => {
    const summary = summariseWaiting([observed], now);
    assert.equal(summary.open, 1);
    assert.deepEqual(Object.keys(summary.waiting), cause === undefined ? [] : [cause]);
    const [found] = Object.values(summary.waiting);
    if (words !== undefined) assert.equal(found?.examples[0]?.message, words);
  });
}

test('a thousand flows that wait for the same are one count and two examples, bounded', () => {
  const long = { ...blocked, message: 'x'.repeat(5000) };
  const flows = Array.from({ length: 1000 }, (_, index) => ({
    flow: aFlow({ ...started, name: `flow-${index}` }),
    attempts: [anAttempt({ worker: waiting, blocked: long })],
  }));
  const summary = summariseWaiting(flows, now);
  assert.deepEqual([summary.open, summary.phases], [1000, { pending: 1000 }]);
  assert.equal(summary.waiting.unschedulable?.count, 1000);
  assert.deepEqual(
    summary.waiting.unschedulable.examples.map(({ flow }) => flow),
    ['flow-0', 'flow-1'],
  );
  assert.ok(JSON.stringify(summary).length < 1500);
});
