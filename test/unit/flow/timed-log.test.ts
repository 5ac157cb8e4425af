import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogFormat, TimedLog, type ShownLog } from '../../../src/flow/timed-log.ts';

const text = [
  '2026-11-28T12:00:00.000000001Z first',
  '2026-11-28T12:00:00.500000000Z ',
  '2026-11-28T13:00:01.000000000+01:00 third',
  'without a time',
  '2026-11-28T12:00:02Z without an end',
].join('\n');

function read(shown: ShownLog, pieces: readonly string[] = [text]): string {
  const log = new TimedLog();
  const format = createLogFormat(shown);
  const parts = [...pieces.map((piece) => format(log.push(Buffer.from(piece)))), format(log.end())];
  return Buffer.concat(parts).toString();
}

test('times are shown or left out, wherever the pieces are cut', () => {
  const plain = 'first\n\nthird\nwithout a time\nwithout an end';
  for (let cut = 0; cut <= text.length; cut += 1) {
    const pieces = [text.slice(0, cut), text.slice(cut)];
    assert.equal(read({ timestamps: true }, pieces), text);
    assert.equal(read({ timestamps: false }, pieces), plain);
  }
});

test('lines are shown from a time on, to the millisecond and in any zone', () => {
  function since(sinceTime: string): string {
    return read({ timestamps: false, sinceTime });
  }
  assert.equal(since('2026-11-28T12:00:00.500Z'), '\nthird\nwithout a time\nwithout an end');
  assert.equal(since('2026-11-28T13:00:00.501+01:00'), 'third\nwithout a time\nwithout an end');
  assert.equal(since('2026-11-28T12:00:03Z').includes('third'), false);
});

test('a long line is passed on in parts, of which the first alone has its time', () => {
  const start = '2026-11-28T12:00:00Z ';
  const pieces = [start, 'x'.repeat(70_000), `2026-11-28T12:00:01Z y\n`, `${start}next\n`];
  assert.equal(read({ timestamps: true }, pieces), pieces.join(''));
  const log = new TimedLog();
  const parts = pieces.flatMap((piece) => log.push(Buffer.from(piece)));
  assert.deepEqual(
    parts.map(({ time }) => time),
    ['2026-11-28T12:00:00Z', undefined, '2026-11-28T12:00:00Z'],
  );
});
