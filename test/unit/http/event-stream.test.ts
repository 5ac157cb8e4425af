import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { doneEvent, frameEvents, type StreamedEvent } from '../../../src/http/event-stream.ts';

test('events are framed as a browser reads them, and silence is a comment', async () => {
  const events: (StreamedEvent | undefined)[] = [
    { id: '1', data: 'a line' },
    undefined,
    { event: 'state', id: '2', data: '{}' },
    doneEvent('flow-a', 'succeeded'),
  ];
  const text = (await Readable.from(frameEvents(each(events))).toArray()).join('');
  assert.equal(
    text,
    [
      'retry: 3000\nid: 1\ndata: a line\n\n',
      ': alive\n\n',
      'event: state\nid: 2\ndata: {}\n\n',
      'event: done\nid: flow-a/done\ndata: succeeded\n\n',
    ].join(''),
  );
});

async function* each<T>(values: readonly T[]): AsyncGenerator<T, void> {
  for (const value of values) yield await Promise.resolve(value);
}
