import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { readZip } from '../../../src/demo/read-zip.ts';
import {
  centralHeader,
  centralHeaderLength,
  endRecords,
  localHeader,
  localHeaderLength,
} from '../../../src/result/archive/zip.ts';
import type { ManifestFile } from '../../../src/result/manifest.ts';

const files = { 'a.txt': 'first', 'nested/größe.txt': 'second, longer', empty: '' };

test('gives each file of an archive with its path and its bytes', () => {
  const entries = readZip(buildZip(files));
  const found = entries.map(({ path, content }) => [path, content.toString('utf8')]);
  assert.deepEqual(Object.fromEntries(found), files);
});

test('refuses what is no archive, and one that is cut short', () => {
  assert.throws(() => readZip(Buffer.from('nothing of the kind, but long enough')), /expected a zip archive/);
  assert.throws(() => readZip(Buffer.alloc(0)), /expected a zip archive/);
  assert.throws(() => readZip(buildZip(files).subarray(5)), /broken/);
});

function buildZip(contents: Record<string, string>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  let size = 0;
  for (const [path, content] of Object.entries(contents)) {
    const file = fileOf(path, content);
    parts.push(localHeader(file), Buffer.from(content));
    directory.push(centralHeader(file, offset));
    size += centralHeaderLength(file, offset);
    offset += localHeaderLength(file) + file.size;
  }
  const end = endRecords({ files: directory.length, size, offset });
  return Buffer.concat([...parts, ...directory, end]);
}

function fileOf(path: string, text: string): ManifestFile {
  const content = Buffer.from(text);
  return {
    path,
    key: path,
    size: content.length,
    sha256: '',
    crc32: crc32(content).toString(16).padStart(8, '0'),
    etag: '',
    modifiedAt: '2026-01-01T00:00:00.000Z',
  };
}
