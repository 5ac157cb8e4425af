import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameOfFile } from '../../../src/transfer/file-name.ts';

const rows: [string | undefined, string, string][] = [
  ['attachment; filename="a b.csv"', 'http://x/y', 'a b.csv'],
  ['attachment; filename=a.csv', 'http://x/y', 'a.csv'],
  [`attachment; filename="a"; filename*=UTF-8''%C3%A4.csv`, 'http://x/y', 'ä.csv'],
  ['attachment; filename="../../etc/passwd"', 'http://x/y', 'passwd'],
  ['attachment; filename="a\\"b"', 'http://x/y', 'a"b'],
  ['attachment; filename=".."', 'http://x/dir/file.bin?q=1', 'file.bin'],
  ['inline', 'http://x/a%2Fb%00c', 'bc'],
  [undefined, 'http://x/%E0%A4%A', '%E0%A4%A'],
  [undefined, 'http://x/', 'data'],
  [undefined, `http://x/${'a'.repeat(500)}`, 'a'.repeat(120)],
];

for (const [disposition, url, expected] of rows) {
  test(`the name of a received file is ${expected.slice(0, 20)} for ${disposition ?? url.slice(0, 30)}`, () => {
    const headers = disposition === undefined ? {} : { 'content-disposition': disposition };
    assert.equal(nameOfFile(headers, url), expected);
  });
}
