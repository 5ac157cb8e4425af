import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogPosition } from '../../../src/client/log-position.ts';
import type { LogPart } from '../../../src/flow/timed-log.ts';

/** `TIME TEXT`, or undefined for the rest of a line. */
function parts(...lines: (string | undefined)[]): LogPart[] {
  return lines.map((line) => {
    const [time, text = ''] = line?.split(' ') ?? [];
    return time === undefined ? { text: 'rest' } : { time, text };
  });
}

function texts(all: readonly LogPart[]): string[] {
  return all.map(({ text }) => text);
}

test('a log that is continued has no line twice and none less, also of several lines at one time', () => {
  const position = new LogPosition();
  assert.equal(position.time, undefined);
  assert.deepEqual(texts(position.pass(parts('1 a', '2 b', '2 c'))), ['a', 'b', 'c']);
  assert.equal(position.time, '2');
  position.breakOff();
  assert.deepEqual(texts(position.pass(parts('1 a', '2 b', '2 c', '2 d', '3 e', undefined))), [
    'd',
    'e',
    'rest',
  ]);
  position.breakOff();
  assert.deepEqual(position.pass(parts('3 e', undefined)), []);
  position.breakOff();
  assert.deepEqual(texts(position.pass(parts('3 e', undefined, '4 f'))), ['f']);
});

test('lines without a time are passed', () => {
  const position = new LogPosition();
  position.breakOff();
  assert.deepEqual(texts(position.pass([{ time: '', text: 'a' }])), ['a']);
  assert.equal(position.time, undefined);
});
