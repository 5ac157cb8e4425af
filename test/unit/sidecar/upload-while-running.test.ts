import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settledFiles } from '../../../src/sidecar/upload-while-running.ts';

const now = 1_000_000;
const options = { settleMillis: 5000, nowMillis: now, releaseAfterUpload: true };
const rows = [
  {
    name: 'the same in two looks and old enough',
    path: 'a',
    before: 'i1',
    modified: now - 5000,
    settled: true,
  },
  { name: 'seen for the first time', path: 'a', before: undefined, modified: now - 9000, settled: false },
  { name: 'changed since the last look', path: 'a', before: 'i0', modified: now - 9000, settled: false },
  { name: 'too young', path: 'a', before: 'i1', modified: now - 4999, settled: false },
  { name: 'dated in the future', path: 'a', before: 'i1', modified: now + 60_000, settled: false },
  { name: 'renamed into done/', path: 'done/a', before: undefined, modified: now, settled: true },
  { name: 'in a done/ further below', path: 'x/done/a', before: undefined, modified: now, settled: false },
];
for (const { name, path, before, modified, settled } of rows) {
  test(`a file ${name} is ${settled ? '' : 'not '}settled`, () => {
    const file = { path, location: `/r/${path}`, identity: 'i1', size: 1, modifiedMillis: modified };
    const looks = new Map(before === undefined ? [] : [[path, before]]);
    assert.deepEqual(settledFiles([file], { ...options, before: looks }), settled ? [file] : []);
  });
}

test('done/ is a folder like any other where nothing is released', () => {
  const file = { path: 'done/a', location: '/r/done/a', identity: 'i1', size: 1, modifiedMillis: now };
  assert.deepEqual(settledFiles([file], { ...options, releaseAfterUpload: false, before: new Map() }), []);
});
