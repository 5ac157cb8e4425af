import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../../../src/errors.ts';
import type { ListOptions, Page } from '../../../../src/kubernetes/resource-client.ts';
import type { Event } from '../../../../src/kubernetes/types.ts';
import { createWarningEvents } from '../../../../src/reconciler/observed/warning-events.ts';

const { signal } = new AbortController();

function refusal(uid: string): Event {
  return {
    metadata: {},
    involvedObject: { kind: 'Job', uid },
    type: 'Warning',
    reason: 'FailedCreate',
    message: 'Error creating: no',
    firstTimestamp: '2026-01-01T00:00:00Z',
    lastTimestamp: '2026-01-01T00:00:01Z',
  };
}

function serve(pages: (Event[] | Error)[]) {
  const asked: ListOptions[] = [];
  function list(options: ListOptions): Promise<Page<Event>> {
    const page = pages[asked.length % pages.length];
    asked.push(options);
    if (page === undefined || page instanceof Error) return Promise.reject(page ?? new Error('no page'));
    const isLast = asked.length % pages.length === 0;
    return Promise.resolve({ items: page, resourceVersion: '1', continue: isLast ? undefined : 'more' });
  }
  return { asked, events: { list } };
}

test('one list serves all who ask within some seconds, and the next asker makes another', async () => {
  let now = 0;
  const { asked, events } = serve([[refusal('a'), refusal('b'), refusal('a')]]);
  const look = createWarningEvents({ events, everyMillis: 5000, clock: () => now });
  const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((uid) => look.about(uid, signal)));
  assert.deepEqual([a?.length, b?.length, c?.length], [2, 1, 0]);
  assert.equal(asked.length, 1);
  now = 4999;
  await look.about('a', signal);
  assert.equal(asked.length, 1);
  now = 5000;
  await look.about('a', signal);
  assert.equal(asked.length, 2);
});

test('it reads page after page, of warnings alone', async () => {
  const { asked, events } = serve([[refusal('a')], [refusal('b')]]);
  const look = createWarningEvents({ events, clock: () => 0 });
  assert.equal((await look.about('b', signal)).length, 1);
  assert.deepEqual(
    asked.map(({ continue: next }) => next),
    [undefined, 'more'],
  );
  assert.match(asked[0]?.fieldSelector ?? '', /type=Warning/);
});

test('a look that failed is not kept', async () => {
  const { asked, events } = serve([new ServiceError('cluster-unavailable', 'down')]);
  const look = createWarningEvents({ events, clock: () => 0 });
  await assert.rejects(look.about('a', signal), { code: 'cluster-unavailable' });
  await assert.rejects(look.about('a', signal), { code: 'cluster-unavailable' });
  assert.equal(asked.length, 2);
});
