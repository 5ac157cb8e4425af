import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  selectRange,
  type ConditionalHeaders,
  type Selection,
} from '../../../src/result/conditional-request.ts';

const etag = '"abc"';
const whole = { status: 200, range: { first: 0, last: 99 } } as const;
const rows: { name: string; headers: Partial<ConditionalHeaders>; length?: number; expected: Selection }[] = [
  { name: 'no header', headers: {}, expected: whole },
  {
    name: 'a range',
    headers: { range: 'bytes=10-19' },
    expected: { status: 206, range: { first: 10, last: 19 } },
  },
  {
    name: 'an open range',
    headers: { range: 'bytes=10-' },
    expected: { status: 206, range: { first: 10, last: 99 } },
  },
  {
    name: 'a range over the end',
    headers: { range: 'bytes=90-1000' },
    expected: { status: 206, range: { first: 90, last: 99 } },
  },
  {
    name: 'the last bytes',
    headers: { range: 'bytes=-7' },
    expected: { status: 206, range: { first: 93, last: 99 } },
  },
  {
    name: 'more last bytes than there are',
    headers: { range: 'bytes=-700' },
    expected: { status: 206, range: { first: 0, last: 99 } },
  },
  {
    name: 'the last byte',
    headers: { range: 'bytes=99-99' },
    expected: { status: 206, range: { first: 99, last: 99 } },
  },
  { name: 'a range behind the end', headers: { range: 'bytes=100-' }, expected: { status: 416 } },
  {
    name: 'a range far behind the end',
    headers: { range: `bytes=${'9'.repeat(40)}-` },
    expected: { status: 416 },
  },
  { name: 'no last bytes', headers: { range: 'bytes=-0' }, expected: { status: 416 } },
  { name: 'a range of an empty body', headers: { range: 'bytes=0-' }, length: 0, expected: { status: 416 } },
  { name: 'an empty body', headers: {}, length: 0, expected: { status: 200, range: { first: 0, last: -1 } } },
  { name: 'several ranges', headers: { range: 'bytes=0-1,5-6' }, expected: whole },
  { name: 'a range backwards', headers: { range: 'bytes=9-5' }, expected: whole },
  { name: 'another unit', headers: { range: 'rows=1-2' }, expected: whole },
  { name: 'no numbers', headers: { range: 'bytes=-' }, expected: whole },
  {
    name: 'If-Range of this tag',
    headers: { range: 'bytes=0-0', ifRange: etag },
    expected: { status: 206, range: { first: 0, last: 0 } },
  },
  { name: 'If-Range of another tag', headers: { range: 'bytes=0-0', ifRange: '"x"' }, expected: whole },
  { name: 'If-Range of a weak tag', headers: { range: 'bytes=0-0', ifRange: 'W/"abc"' }, expected: whole },
  {
    name: 'If-Range of a date',
    headers: { range: 'bytes=0-0', ifRange: 'Sat, 21 Nov 2026 04:00:00 GMT' },
    expected: whole,
  },
  {
    name: 'If-None-Match of this tag',
    headers: { ifNoneMatch: '"x", "abc"', range: 'bytes=0-0' },
    expected: { status: 304 },
  },
  { name: 'If-None-Match of the weak tag', headers: { ifNoneMatch: 'W/"abc"' }, expected: { status: 304 } },
  { name: 'If-None-Match of anything', headers: { ifNoneMatch: '*' }, expected: { status: 304 } },
  { name: 'If-None-Match of another', headers: { ifNoneMatch: '"x"' }, expected: whole },
  { name: 'If-Match of this tag', headers: { ifMatch: '"abc"' }, expected: whole },
  {
    name: 'If-Match of another',
    headers: { ifMatch: '"x"', ifNoneMatch: '"abc"' },
    expected: { status: 412 },
  },
];
for (const { name, headers, length = 100, expected } of rows) {
  test(`answers ${name} with ${expected.status}`, () => {
    const absent = { range: '', ifRange: '', ifMatch: '', ifNoneMatch: '' };
    assert.deepEqual(selectRange({ ...absent, ...headers }, { length, etag }), expected);
  });
}
