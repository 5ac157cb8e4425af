import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../../../../../src/errors.ts';
import type { Outcome } from '../../../../../../src/flow/outcome.ts';
import { jobEvents, type FollowedJob } from '../../../../../../src/http/routes/api/events/job-events.ts';
import { Wake } from '../../../../../../src/http/wake.ts';
import type { FlowView } from '../../../../../../src/requests/flow-service.ts';
import { flowView } from '../../../../http/flow-views.ts';

const cancelled: Outcome = { phase: 'cancelled', at: '', reason: 'cancelled-by-user', message: 'm' };

function at(position: number, ...given: Parameters<typeof flowView>): FlowView {
  return { ...flowView(...given), position };
}

/** Follows a job that a test changes; each read gets the next of the results that wait, or the last one again. */
function follow(
  first: FlowView,
  options: Partial<Pick<FollowedJob, 'lastEventId' | 'quietMillis' | 'publicUrl'>> = {},
  ending = new AbortController(),
) {
  let present: FlowView | Error = first;
  const wake = new Wake();
  const followed: FollowedJob = {
    publicUrl: 'http://people.example',
    first,
    read: () => (present instanceof Error ? Promise.reject(present) : Promise.resolve(present)),
    wake,
    lastEventId: '',
    quietMillis: 600_000,
    ...options,
  };
  const events = jobEvents(followed, ending.signal);
  function change(next: FlowView | Error): void {
    present = next;
    wake.call();
  }
  async function next() {
    const { value, done } = await events.next();
    return done === true ? 'end' : (value ?? 'quiet');
  }
  return { change, next, ending };
}

async function idOf(view: FlowView): Promise<string> {
  const event = await follow(view).next();
  assert.ok(typeof event === 'object');
  return event.id;
}

test('the present state comes first, then each change by its name, and at last how it has ended', async () => {
  const { change, next } = follow(at(1, 'pending'));
  const names: unknown[] = [];
  for (const then of [
    at(2, 'pending', undefined, 'no node'),
    at(3, 'running'),
    at(9, 'delivering', cancelled),
  ]) {
    const event = await next();
    assert.ok(typeof event === 'object');
    names.push([event.event, (JSON.parse(event.data) as { state: string }).state]);
    change(then);
  }
  assert.deepEqual(names, [
    ['state', 'pending'],
    ['progress', 'pending'],
    ['state', 'running'],
  ]);
  const last = await next();
  assert.ok(typeof last === 'object' && last.event === 'state');
  assert.deepEqual(await next(), { event: 'done', id: 'flow-a/done', data: 'cancelled' });
  assert.equal(await next(), 'end');
});

test('changes that are no change for people, or that follow each other before the client reads, are not sent each', async () => {
  const { change, next } = follow(at(1, 'pending'));
  await next();
  change(at(2, 'pending'));
  const waiting = next();
  change(at(3, 'running'));
  change(at(4, 'uploading'));
  const event = await waiting;
  assert.ok(typeof event === 'object');
  assert.match(event.id, /^4-uploading-/);
});

test('the id of a state is the same on replicas with different addresses', async () => {
  const view = at(5, 'running');
  const there = follow(view, { publicUrl: 'http://other.example' });
  const event = await there.next();
  assert.ok(typeof event === 'object');
  assert.equal(event.id, await idOf(view));
});

test('a client that has seen the present state gets the next change alone', async () => {
  const lastEventId = await idOf(at(5, 'running'));
  const { change, next } = follow(at(7, 'running'), { lastEventId });
  const waiting = next();
  change(at(8, 'uploading'));
  const event = await waiting;
  assert.ok(typeof event === 'object');
  assert.match(event.id, /^8-uploading-/);
});

test('a replica that is behind sends nothing that the client has seen before, and an end at once', async () => {
  const lastEventId = await idOf(at(5, 'running'));
  const { change, next } = follow(at(3, 'pending'), { lastEventId });
  const waiting = next();
  change(at(4, 'pending', undefined, 'no node'));
  change(at(6, 'running', undefined, 'again'));
  const event = await waiting;
  assert.ok(typeof event === 'object');
  assert.match(event.id, /^6-running-/);
  assert.equal(event.event, 'progress', 'its state is known from the id');

  // Of a record, which has no position.
  const ended = follow(flowView('ended', cancelled), { lastEventId });
  assert.match(JSON.stringify(await ended.next()), /"event":"state"/);
  assert.match(JSON.stringify(await ended.next()), /"event":"done"/);
});

test('a client that has seen the final state and not the end gets the end alone', async () => {
  const view = at(5, 'ended', cancelled);
  const { next } = follow(view, { lastEventId: await idOf(view) });
  assert.deepEqual(await next(), { event: 'done', id: 'flow-a/done', data: 'cancelled' });
});

for (const lastEventId of ['flow-b/done', 'x', '1-running-', '1-running-' + 'g'.repeat(32)])
  test(`an id that is none of ours gets the present state: ${lastEventId}`, async () => {
    const event = await follow(at(1, 'running'), { lastEventId }).next();
    assert.ok(typeof event === 'object');
    assert.equal(event.event, 'state');
  });

test('a cluster out of reach does not end the stream, and a job that is gone does', async () => {
  const { change, next } = follow(at(1, 'running'), { quietMillis: 1 });
  await next();
  change(new ServiceError('cluster-unavailable', 'not now'));
  assert.equal(await next(), 'quiet');
  change(new ServiceError('not-found', 'there is no such job'));
  let event = await next();
  while (event === 'quiet') event = await next();
  assert.deepEqual(event, { event: 'done', id: 'flow-a/done', data: 'gone' });
});

test('a stream that is ended has no last event: its client comes back', async () => {
  const { next, ending } = follow(at(1, 'running'));
  await next();
  const waiting = next();
  ending.abort();
  assert.equal(await waiting, 'end');
});
