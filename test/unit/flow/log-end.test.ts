import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogEnd } from '../../../src/flow/log-end.ts';

function keep(limit: number, chunks: readonly string[]): string {
  const end = new LogEnd(limit);
  for (const chunk of chunks) {
    end.push(Buffer.from(chunk, 'latin1'));
    assert.ok(end.size < limit + chunk.length, 'its memory is bounded');
  }
  return end.end().toString('latin1');
}

test('a log that fits is kept as it is', () => {
  assert.equal(keep(10, []), '');
  assert.equal(keep(10, ['a\n', '\xff\nand it']), 'a\n\xff\nand it');
});

test('of a longer one the last whole lines are kept, after a line with the time of the next that says what is missing', () => {
  const lines = Array.from({ length: 100 }, (_, index) => `2026-11-28T12:00:00.${index + 100}Z line\n`);
  const kept = lines.slice(-3).join('');
  const missing = lines.join('').length - kept.length;
  const mark = `2026-11-28T12:00:00.197Z [the ${missing} bytes before this line were not kept]\n`;
  assert.equal(keep(kept.length + 5, lines), mark + kept);
  assert.equal(keep(kept.length + 5, [lines.join('')]), mark + kept);
});

test('one line that is longer is cut', () => {
  assert.equal(keep(4, ['abc', 'defgh\n']), '[the 5 bytes before this line were not kept]\nfgh\n');
});
