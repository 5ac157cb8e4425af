import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Flow } from '../../../src/flow/flow.ts';
import { createCallbackHold } from '../../../src/answer-first/callback-hold.ts';
import { aFlow } from '../../support/flow-values.ts';

const times = { holdMillis: () => 5000, takeoverHoldMillis: 12_000 };

function flowOf(
  name: string,
  lastRequestAt?: string,
): Pick<Flow, 'name' | 'uid' | 'lastRequestAt' | 'request'> {
  return { name, uid: `${name}-uid`, lastRequestAt, request: aFlow().request };
}

test('a flow is delivered only after this process has known it for the whole time', () => {
  let now = 1000;
  const clock = createCallbackHold(times, () => now);
  clock.observe(flowOf('a', 'x'));
  assert.equal(clock.remaining(flowOf('a', 'x')), 5000);
  now += 4999;
  clock.observe(flowOf('a', 'x'));
  assert.equal(clock.remaining(flowOf('a', 'x')), 1);
  now += 1;
  assert.equal(clock.remaining(flowOf('a', 'x')), 0);
});

test('a flow that was not observed is not delivered, and asking does not start its hold', () => {
  let now = 0;
  const clock = createCallbackHold(times, () => now);
  assert.equal(clock.remaining(flowOf('a', 'x')), 5000);
  now = 6000;
  assert.equal(clock.remaining(flowOf('a', 'x')), 5000);
});

test('a repeat starts the clock again', () => {
  let now = 0;
  const clock = createCallbackHold(times, () => now);
  clock.observe(flowOf('a', 'x'));
  now = 6000;
  clock.observe(flowOf('a', 'y'));
  assert.equal(clock.remaining(flowOf('a', 'y')), 5000);
});

test('flows do not share a clock, and a forgotten one begins again, as does another Job of the same name', () => {
  let now = 0;
  const clock = createCallbackHold({ holdMillis: () => 10, takeoverHoldMillis: 0 }, () => now);
  const [a, b] = [flowOf('a', 'x'), flowOf('b', 'x')];
  for (const flow of [a, b]) clock.observe(flow);
  now = 20;
  clock.remove('a');
  assert.deepEqual([clock.remaining(a), clock.remaining(b)], [10, 0]);
  clock.observe({ ...b, uid: 'another' });
  assert.equal(clock.remaining({ ...b, uid: 'another' }), 10);
});

test('a flow from before is delivered later, unless its request is repeated: then as any other', () => {
  let now = 0;
  const clock = createCallbackHold(times, () => now);
  for (const name of ['a', 'b']) clock.takeOver(flowOf(name));
  now = 1000;
  clock.observe(flowOf('a'));
  clock.observe(flowOf('b', 'now'));
  assert.equal(clock.remaining(flowOf('a')), 11_000);
  assert.equal(clock.remaining(flowOf('b', 'now')), 5000);
});

test('a flow that this process knows already is not taken over when it leads once more', () => {
  let now = 0;
  const clock = createCallbackHold(times, () => now);
  clock.observe(flowOf('a'));
  now = 4000;
  clock.takeOver(flowOf('a'));
  assert.equal(clock.remaining(flowOf('a')), 1000);
});
