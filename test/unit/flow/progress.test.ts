import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readProgress, readWorkerProgress } from '../../../src/flow/progress.ts';

test('a worker says how far it is by a number or by JSON, and anything else is ignored', () => {
  for (const [text, expected] of [
    ['42', { percent: 42 }],
    ['0.5\n', { percent: 0.5 }],
    ['100', { percent: 100 }],
    ['{"percent": 7, "message": "frame 7 of 100"}', { percent: 7, message: 'frame 7 of 100' }],
    ['{"message": "a\\u001b[31mb\\nc"}', { message: 'a [31mb c' }],
    ['{"percent": 101, "message": "m", "colour": "red"}', { message: 'm' }],
    [`{"message": "${'x'.repeat(300)}"}`, { message: 'x'.repeat(200) }],
    ['', undefined],
    ['101', undefined],
    ['-1', undefined],
    ['NaN', undefined],
    ['"42"', undefined],
    ['null', undefined],
    ['[1]', undefined],
    ['{"percent": "7", "message": ""}', undefined],
    ['{"percent": 7', undefined],
  ] as const)
    assert.deepEqual(readWorkerProgress(text), expected, text);
});

test('what lies in the store is not trusted either', () => {
  const at = '2026-01-01T00:00:00.000Z';
  const good = { files: 1, bytes: 2, at };
  assert.deepEqual(readProgress(JSON.stringify({ ...good, worker: { percent: 7 }, secret: 'x' })), {
    ...good,
    worker: { percent: 7 },
  });
  for (const wrong of [{ files: -1 }, { bytes: '2' }, { at: 'now' }, { at: undefined }])
    assert.equal(readProgress(JSON.stringify({ ...good, ...wrong })), undefined);
  assert.equal(readProgress('not JSON'), undefined);
});
