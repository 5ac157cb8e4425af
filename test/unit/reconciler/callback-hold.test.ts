import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Flow } from '../../../src/flow/flow.ts';
import { createCallbackHold } from '../../../src/reconciler/callback-hold.ts';

const times = { callbackHoldMillis: 5000, takeoverHoldMillis: 12_000 };

function flowOf(name: string, lastRequestAt?: string): Pick<Flow, 'name' | 'uid' | 'lastRequestAt'> {
  return { name, uid: `${name}-uid`, lastRequestAt };
}

test('a flow may be told of only after this process has known it for the whole time', () => {
  let now = 1000;
  const clock = createCallbackHold(times, () => now);
  clock.know(flowOf('a', 'x'));
  assert.equal(clock.remaining(flowOf('a', 'x')), 5000);
  now += 4999;
  clock.know(flowOf('a', 'x'));
  assert.equal(clock.remaining(flowOf('a', 'x')), 1);
  now += 1;
  assert.equal(clock.remaining(flowOf('a', 'x')), 0);
});

test('a flow that nobody made known may not be told of, and asking makes it no better known', () => {
  let now = 0;
  const clock = createCallbackHold(times, () => now);
  assert.equal(clock.remaining(flowOf('a', 'x')), 5000);
  now = 6000;
  assert.equal(clock.remaining(flowOf('a', 'x')), 5000);
});

test('a repeat starts the clock again', () => {
  let now = 0;
  const clock = createCallbackHold(times, () => now);
  clock.know(flowOf('a', 'x'));
  now = 6000;
  clock.know(flowOf('a', 'y'));
  assert.equal(clock.remaining(flowOf('a', 'y')), 5000);
});

test('flows do not share a clock, and a forgotten one begins again, as does another Job of the same name', () => {
  let now = 0;
  const clock = createCallbackHold({ callbackHoldMillis: 10, takeoverHoldMillis: 0 }, () => now);
  const [a, b] = [flowOf('a', 'x'), flowOf('b', 'x')];
  for (const flow of [a, b]) clock.know(flow);
  now = 20;
  clock.forget('a');
  assert.deepEqual([clock.remaining(a), clock.remaining(b)], [10, 0]);
  clock.know({ ...b, uid: 'another' });
  assert.equal(clock.remaining({ ...b, uid: 'another' }), 10);
});

test('what is not kept is forgotten', () => {
  let now = 0;
  const clock = createCallbackHold(times, () => now);
  const flows = [flowOf('a'), flowOf('b')];
  for (const flow of flows) clock.know(flow);
  now = 6000;
  clock.keepOnly(new Set(['b', 'c']));
  assert.deepEqual(
    flows.map((flow) => clock.remaining(flow)),
    [5000, 0],
  );
});

test('a flow from before is told of later, unless it is asked for again: then as any other', () => {
  let now = 0;
  const clock = createCallbackHold(times, () => now);
  for (const name of ['a', 'b']) clock.inherit(flowOf(name));
  now = 1000;
  clock.know(flowOf('a'));
  clock.know(flowOf('b', 'now'));
  assert.equal(clock.remaining(flowOf('a')), 11_000);
  assert.equal(clock.remaining(flowOf('b', 'now')), 5000);
});

test('a flow that this process knows already is not inherited when it leads once more', () => {
  let now = 0;
  const clock = createCallbackHold(times, () => now);
  clock.know(flowOf('a'));
  now = 4000;
  clock.inherit(flowOf('a'));
  assert.equal(clock.remaining(flowOf('a')), 1000);
});
