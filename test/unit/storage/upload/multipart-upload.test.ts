import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maxParts, partSizeOf } from '../../../../src/storage/upload/multipart-upload.ts';

const mebibyte = 1024 ** 2;
const rows = [
  { name: 'a file just over one part', bytes: 8 * mebibyte + 1, part: 8 * mebibyte },
  { name: 'the largest file of 8 MiB parts', bytes: 80_000 * mebibyte, part: 8 * mebibyte },
  { name: 'one byte more', bytes: 80_000 * mebibyte + 1, part: 9 * mebibyte },
  { name: 'S3 largest object, 5 TiB', bytes: 5 * 1024 ** 4, part: 525 * mebibyte },
];
for (const { name, bytes, part } of rows) {
  test(`cuts ${name} into at most ${maxParts} parts`, () => {
    assert.equal(partSizeOf(bytes), part);
    assert.ok(Math.ceil(bytes / part) <= maxParts);
  });
}
