import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import type { ArchiveFormat } from '../../../../src/flow/flow-plan.ts';
import { encodeKey, type ManifestFile } from '../../../../src/result/manifest.ts';
import { openBody } from '../../../../src/result/open-body.ts';
import { archiveBody } from '../../../../src/result/result-body.ts';
import { lengthOf, type Segment } from '../../../../src/result/archive/segment.ts';
import { tarSegments } from '../../../../src/result/archive/tar.ts';
import { zipSegments } from '../../../../src/result/archive/zip.ts';
import { memoryStore, sidecarWrites } from '../stored-results.ts';
import { paxRecords, readTar, readTarHeader, readZip } from './read-archive.ts';

const signal = new AbortController().signal;
const readers = { zip: readZip, tar: readTar };
const long = `${'d'.repeat(90)}/${'e'.repeat(90)}/f.txt`;
const files: Record<string, Buffer> = {
  empty: Buffer.alloc(0),
  'a/b/c.txt': Buffer.from('nested'),
  '.hidden': Buffer.from('dot'),
  'name with spaces': Buffer.from('s'),
  'Käse/🧀.bin': randomBytes(1000),
  'block.bin': randomBytes(512),
  [long]: Buffer.from('cut into prefix and name'),
  ['x'.repeat(180)]: Buffer.from('cannot be cut'),
  [`${'ü'.repeat(120)}/${'ß'.repeat(120)}`]: Buffer.from('long and not ASCII'),
};

async function archive(format: ArchiveFormat, of = files): Promise<Buffer> {
  const written = sidecarWrites(of);
  const body = archiveBody({ manifest: written.manifest, ...written.report, size: 1 }, format);
  const range = { first: 0, last: body.length - 1 };
  const bytes = await buffer(
    await openBody({ store: memoryStore(written.objects), segments: body.segments(), range }, signal),
  );
  assert.equal(bytes.length, body.length, 'the length told beforehand');
  return bytes;
}

for (const format of ['zip', 'tar'] as const) {
  test(`a ${format} holds every file under its own name with its bytes and time, and has the length told beforehand`, async () => {
    const entries = readers[format](await archive(format));
    assert.deepEqual(
      Object.fromEntries(entries.map(({ path, bytes }) => [path, bytes.toString('base64')])),
      Object.fromEntries(Object.entries(files).map(([path, bytes]) => [path, bytes.toString('base64')])),
    );
    assert.ok(entries.every(({ modified }) => modified === Date.parse('2026-01-02T03:04:06Z') / 1000));
  });

  test(`a ${format} of no files is one`, async () => {
    assert.deepEqual(readers[format](await archive(format, {})), []);
  });

  test(`the same manifest always gives the same ${format}`, async () => {
    assert.ok((await archive(format)).equals(await archive(format)));
  });
}

test('a backslash does not separate directories in a zip', async () => {
  const [entry] = readZip(await archive('zip', { '..\\..\\up.txt': Buffer.from('x') }));
  assert.equal(entry?.path, '..\uff3c..\uff3cup.txt');
});

const tools: {
  tool: string;
  list: string[];
  format: ArchiveFormat;
  unpack: (file: string, directory: string) => string[];
}[] = [
  { tool: 'unzip', list: ['-v'], format: 'zip', unpack: (file, directory) => ['-q', file, '-d', directory] },
  {
    tool: 'python3',
    list: ['--version'],
    format: 'zip',
    unpack: (file, directory) => [
      '-c',
      'import sys,zipfile;z=zipfile.ZipFile(sys.argv[1]);assert z.testzip() is None;z.extractall(sys.argv[2])',
      file,
      directory,
    ],
  },
  {
    tool: 'tar',
    list: ['--version'],
    format: 'tar',
    unpack: (file, directory) => ['-xf', file, '-C', directory],
  },
];
for (const { tool, list, format, unpack } of tools) {
  test(`${tool} unpacks the ${format}`, async (t) => {
    if (!isOnPath(tool, list)) {
      t.skip(`${tool} is not on the PATH`);
      return;
    }
    const directory = temporaryDirectory(t);
    const file = join(directory, `archive.${format}`);
    writeFileSync(file, await archive(format));
    const out = join(directory, 'out');
    execFileSync('mkdir', [out]);
    execFileSync(tool, unpack(file, out), { env: { ...process.env, LC_ALL: 'C.UTF-8' }, stdio: 'pipe' });
    for (const [path, bytes] of Object.entries(files))
      assert.ok(readFileSync(join(out, path)).equals(bytes), path);
    if (tool !== 'python3')
      assert.equal(statSync(join(out, 'a/b/c.txt')).mtimeMs, Date.parse('2026-01-02T03:04:06Z'));
  });
}

function isOnPath(tool: string, argument: string[]): boolean {
  try {
    execFileSync(tool, argument, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'archive-'));
  t.after(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}

const gibibyte = 1024 ** 3;

function fileOf(path: string, size: number, modifiedAt = '2026-01-02T03:04:06Z'): ManifestFile {
  return {
    path,
    key: encodeKey(path),
    size,
    sha256: '0'.repeat(64),
    crc32: '00000000',
    etag: 'e',
    modifiedAt,
  };
}

/** All segments but the objects, each with its place: large archives are checked without their bytes. */
function headersOf(segments: Iterable<Segment>): { at: number; bytes: Buffer }[] {
  const headers: { at: number; bytes: Buffer }[] = [];
  let at = 0;
  for (const segment of segments) {
    if ('bytes' in segment) {
      assert.equal(segment.bytes().length, segment.length);
      headers.push({ at, bytes: segment.bytes() });
    }
    at += segment.length;
  }
  return headers;
}

function source({ key, etag }: ManifestFile) {
  return { key, etag };
}

test('a zip over 4 GiB states sizes, offsets and its end in 64 bits, and only where they need it', () => {
  const large = [fileOf('a', 5 * gibibyte), fileOf('b', 1), fileOf('c', 0xffff_ffff)];
  const headers = headersOf(zipSegments(large, source));
  const end = headers.at(-1) ?? assert.fail();
  const central = headers.slice(3, 6);
  assert.equal(end.bytes.length, 56 + 20 + 22);
  const directoryAt = central[0]?.at ?? 0;
  assert.equal(Number(end.bytes.readBigUInt64LE(48)), directoryAt);
  assert.equal(Number(end.bytes.readBigUInt64LE(40)), end.at - directoryAt);
  assert.equal(Number(end.bytes.readBigUInt64LE(56 + 8)), end.at);
  const told = central.map(({ bytes }) => {
    const wide = bytes.subarray(46 + 1);
    if (wide.readUInt16LE(0) !== 1) return [];
    return Array.from({ length: wide.readUInt16LE(2) / 8 }, (_, index) =>
      Number(wide.readBigUInt64LE(4 + 8 * index)),
    );
  });
  assert.deepEqual(told, [
    [5 * gibibyte, 5 * gibibyte],
    [headers[1]?.at],
    [0xffff_ffff, 0xffff_ffff, headers[2]?.at],
  ]);
  assert.deepEqual(
    headers.slice(0, 3).map(({ bytes }) => bytes.readUInt16LE(4)),
    [45, 20, 45],
  );
});

test('a zip of 65,535 files and more has a zip64 end, and python3 can list it', (t) => {
  const many = Array.from({ length: 65_536 }, (_, index) => fileOf(`f/${index}`, 0));
  const bytes = Buffer.concat(headersOf(zipSegments(many, source)).map((header) => header.bytes));
  assert.equal(bytes.length, lengthOf(zipSegments(many, source)));
  assert.equal(readZip(bytes).length, 65_536);
  if (!isOnPath('python3', ['--version'])) {
    t.skip('python3 is not on the PATH');
    return;
  }
  const file = join(temporaryDirectory(t), 'many.zip');
  writeFileSync(file, bytes);
  const script = 'import sys,zipfile;print(len(zipfile.ZipFile(sys.argv[1]).namelist()))';
  assert.equal(execFileSync('python3', ['-c', script, file], { encoding: 'utf8' }).trim(), '65536');
});

test('a tar states a size of 8 GiB and more in an extended header', () => {
  const size = 8 * gibibyte;
  const [header] = headersOf(tarSegments([fileOf('large', size)], source));
  const bytes = header?.bytes ?? assert.fail();
  assert.equal(readTarHeader(bytes.subarray(0, 512)).type, 'x');
  assert.equal(
    paxRecords(bytes.subarray(512, 512 + readTarHeader(bytes.subarray(0, 512)).size)).get('size'),
    String(size),
  );
  assert.equal(readTarHeader(bytes.subarray(1024)).path, 'large');
  assert.equal(lengthOf(tarSegments([fileOf('large', size)], source)), 1536 + size + 1024);
});

test('extended header records count their own digits, also where that makes one more', () => {
  for (let length = 85; length < 105; length += 1) {
    const path = 'é'.repeat(length);
    const [header] = headersOf(tarSegments([fileOf(path, 0)], source));
    const bytes = header?.bytes ?? assert.fail();
    const { size } = readTarHeader(bytes.subarray(0, 512));
    assert.deepEqual([...paxRecords(bytes.subarray(512, 512 + size))], [['path', path]]);
  }
});

test('times that an archive cannot say are moved to the nearest it can', () => {
  for (const modifiedAt of ['1969-12-31T23:59:59Z', '2200-01-01T00:00:00Z']) {
    for (const segments of [zipSegments, tarSegments])
      headersOf(segments([fileOf('a', 1, modifiedAt)], source));
  }
  const [old] = headersOf(zipSegments([fileOf('a', 1, '1969-12-31T23:59:59Z')], source));
  assert.equal(old?.bytes.readUInt16LE(12), (1 << 5) | 1);
});
