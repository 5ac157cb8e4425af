import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WriteStream } from 'node:tty';
import { DownloadProgress } from '../../../src/client/download-progress.ts';
import { formatBytes, formatTable } from '../../../src/client/table.ts';

test('columns are as wide as their longest cell, and no line ends in spaces', () => {
  const rows = [
    ['ID', 'STATE'],
    ['flow-a', ''],
    ['b', 'running'],
  ];
  assert.equal(formatTable(rows), 'ID      STATE\nflow-a\nb       running\n');
});

const sizes: [number, string][] = [
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [1_500_000, '1.5 MB'],
  [2 ** 40, '1.1 TB'],
];

for (const [bytes, text] of sizes) {
  test(`${bytes} bytes are ${text}`, () => {
    assert.equal(formatBytes(bytes), text);
  });
}

test('progress is one line of a terminal that is cleared, and nothing elsewhere', () => {
  for (const isTTY of [true, false]) {
    let written = '';
    const out = { isTTY, write: (text: string) => (written += text) } as unknown as WriteStream;
    const progress = new DownloadProgress(out, 1000);
    progress.add(500);
    progress.clear();
    const clear = '\r\u001b[K';
    if (isTTY) assert.match(written.split(clear).join('|'), /^\|50 % {2}500 B of 1\.0 kB {2}.*\/s\|$/);
    else assert.equal(written, '');
  }
});
