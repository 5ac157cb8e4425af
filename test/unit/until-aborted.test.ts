import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isServiceError } from '../../src/errors.ts';
import { boundSignal, untilAborted, withinDeadline } from '../../src/until-aborted.ts';

function never(): Promise<never> {
  return new Promise(() => undefined);
}

test('what does not listen to its signal is let go when that aborts, and one that was aborted before is not waited for', async () => {
  const stop = new AbortController();
  const waiting = untilAborted(never(), stop.signal);
  const reason = new Error('no more');
  stop.abort(reason);
  await assert.rejects(waiting, reason);
  await assert.rejects(untilAborted(never(), stop.signal), reason);
  assert.equal(await untilAborted(Promise.resolve(1), new AbortController().signal), 1);
});

test('a deadline ends what does not listen to its signal, and tells it', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { signal } = new AbortController();
  let given: AbortSignal | undefined;
  const waiting = withinDeadline(
    (bounded) => {
      given = bounded;
      return never();
    },
    1000,
    signal,
  );
  t.mock.timers.tick(999);
  assert.equal(given?.aborted, false);
  t.mock.timers.tick(1);
  await assert.rejects(waiting, (error) => isServiceError(error, 'deadline-exceeded'));
  assert.equal(given.aborted, true);
});

test('what ends in time keeps its value or its error, and a stop before the deadline its reason', async () => {
  const stop = new AbortController();
  assert.equal(await withinDeadline(() => Promise.resolve('done'), 60_000, stop.signal), 'done');
  const fault = new Error('its own');
  await assert.rejects(
    withinDeadline(() => Promise.reject(fault), 60_000, stop.signal),
    fault,
  );
  const waiting = withinDeadline(never, 60_000, stop.signal);
  const reason = new Error('the service stops');
  stop.abort(reason);
  await assert.rejects(waiting, reason);
});

test('a bound signal aborts no more once it is disposed of, and at once if the other one has', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const stop = new AbortController();
  const bounded = boundSignal(stop.signal, 1000);
  bounded[Symbol.dispose]();
  t.mock.timers.tick(1000);
  stop.abort(new Error('too late for it'));
  assert.equal(bounded.signal.aborted, false);
  assert.equal(boundSignal(stop.signal, 1000).signal.reason, stop.signal.reason);
});
