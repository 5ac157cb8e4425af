import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeKey, encodeKey } from '../../../src/result/manifest.ts';
import { parseManifest } from '../../../src/result/parse-manifest.ts';
import { sidecarWrites } from './stored-results.ts';

const { manifest } = sidecarWrites({ 'a.txt': Buffer.from('a'), 'b/ü 1.txt': Buffer.from('b') });
const [first, second] = manifest.files;

function parse(value: unknown): string | undefined {
  const parsed = parseManifest(Buffer.from(JSON.stringify(value)));
  return 'problem' in parsed ? parsed.problem : undefined;
}

function withPath(path: string): unknown {
  return { ...manifest, files: [{ ...first, path, key: encodeKey(path) }] };
}

test('reads what a sidecar writes', () => {
  assert.deepEqual(parseManifest(Buffer.from(JSON.stringify(manifest))), { manifest });
});

for (const path of [
  '/etc/passwd',
  '../up',
  'a/../../up',
  'a//b',
  'a/',
  './a',
  '.',
  '',
  'a\0b',
  '\ud800',
  'x'.repeat(4097),
]) {
  test(`refuses the path ${JSON.stringify(path.slice(0, 20))}`, () => {
    assert.match(parse(withPath(path)) ?? '', /path is not a relative path/);
  });
}

for (const path of ['..a', 'a..b/...', 'ein Käse.txt', 'a\\b', "it's 100%+.txt", '_x/own']) {
  test(`takes the path ${JSON.stringify(path)}`, () => {
    assert.equal(parse(withPath(path)), undefined);
  });
}

const faults: { name: string; value: unknown; problem: RegExp }[] = [
  { name: 'a list', value: [], problem: /not an object/ },
  { name: 'another version', value: { ...manifest, version: 2 }, problem: /version/ },
  { name: 'an attempt that is a path', value: { ...manifest, attempt: '../x' }, problem: /attempt/ },
  { name: 'files that are no list', value: { ...manifest, files: {} }, problem: /files is not a list/ },
  {
    name: 'files out of order',
    value: { ...manifest, files: [second, first] },
    problem: /files\[1\].*order/,
  },
  { name: 'a file twice', value: { ...manifest, files: [first, first] }, problem: /files\[1\].*twice/ },
  { name: "another file's key", value: { ...manifest, files: [{ ...first, key: 'b' }] }, problem: /key/ },
  { name: 'a key outside', value: { ...manifest, files: [{ ...first, key: '../../x' }] }, problem: /key/ },
  { name: 'a negative size', value: { ...manifest, files: [{ ...first, size: -1 }] }, problem: /size/ },
  { name: 'a size as text', value: { ...manifest, files: [{ ...first, size: '1' }] }, problem: /size/ },
  { name: 'a short crc32', value: { ...manifest, files: [{ ...first, crc32: 'abc' }] }, problem: /crc32/ },
  {
    name: 'an ETag that would end a header',
    value: { ...manifest, files: [{ ...first, etag: 'a"\r\n' }] },
    problem: /etag/,
  },
  {
    name: 'no time',
    value: { ...manifest, files: [{ ...first, modifiedAt: 'yesterday' }] },
    problem: /modifiedAt/,
  },
];
for (const { name, value, problem } of faults) {
  test(`refuses ${name}`, () => {
    assert.match(parse(value) ?? '', problem);
  });
}

test('refuses bytes that are not UTF-8', () => {
  const bytes = Buffer.from(JSON.stringify(manifest).replace('a.txt', 'a\u00ff.txt'), 'latin1');
  assert.deepEqual(parseManifest(bytes), { problem: 'it is not JSON' });
});

test('a key says the path that it was made of', () => {
  for (const path of ['plain/file.txt', '_x/file', 'ä b', '../up', `${'ü'.repeat(300)}/end`])
    assert.equal(decodeKey(encodeKey(path)), path);
});
