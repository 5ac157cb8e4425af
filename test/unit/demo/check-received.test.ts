import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { checkReceived } from '../../../src/demo/check-received.ts';
import type { Manifest } from '../../../src/result/manifest.ts';

test('one file that is as its manifest says is given as it is', () => {
  const content = Buffer.from('data');
  assert.deepEqual(checkReceived(content, manifestOf({ 'data.txt': content })), [
    { path: 'data.txt', content },
  ]);
});

test('a single changed byte is found', () => {
  const manifest = manifestOf({ 'data.txt': Buffer.from('data') });
  assert.throws(() => checkReceived(Buffer.from('dada'), manifest));
});

test('an empty manifest proves nothing', () => {
  assert.throws(() => checkReceived(Buffer.from('data'), manifestOf({})), /no files/);
});

function manifestOf(files: Record<string, Buffer>): Manifest {
  return {
    version: 1,
    flow: 'flow-a',
    attempt: 'a',
    createdAt: '2026-01-01T00:00:00.000Z',
    files: Object.entries(files).map(([path, content]) => ({
      path,
      key: path,
      size: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
      crc32: '00000000',
      etag: '',
      modifiedAt: '2026-01-01T00:00:00.000Z',
    })),
  };
}
