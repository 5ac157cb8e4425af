import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRetryAfter } from '../../../src/transfer/judge-answer.ts';

const now = Date.parse('2026-01-02T03:04:05Z');

for (const { value, millis } of [
  { value: undefined, millis: undefined },
  { value: '0', millis: 0 },
  { value: '120', millis: 120_000 },
  { value: 'Fri, 02 Jan 2026 03:04:35 GMT', millis: 30_000 },
  { value: 'Fri, 02 Jan 2026 03:04:00 GMT', millis: 0 },
  { value: '-1', millis: undefined },
  { value: 'soon', millis: undefined },
]) {
  test(`a Retry-After of ${value ?? 'nothing'} is ${millis ?? 'no'} milliseconds`, () => {
    assert.equal(readRetryAfter(value, now), millis);
  });
}
