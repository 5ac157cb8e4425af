import type { ManifestFile } from '../manifest.ts';
import type { ObjectSource, Segment } from './segment.ts';

/**
 * A zip of stored files. Everything it needs is in the manifest, so that the length is known and any range can be built without reading
 * what comes before it. The same manifest always gives the same bytes. Memory does not grow with the number of files.
 */
export function* zipSegments(
  files: readonly ManifestFile[],
  sourceOf: (file: ManifestFile) => ObjectSource,
): Generator<Segment> {
  for (const file of files) {
    yield { length: localHeaderLength(file), bytes: () => localHeader(file) };
    if (file.size > 0) yield { length: file.size, object: sourceOf(file) };
  }
  yield* directorySegments(files);
}

function* directorySegments(files: readonly ManifestFile[]): Generator<Segment> {
  let offset = 0;
  let size = 0;
  for (const file of files) {
    const at = offset;
    const length = centralHeaderLength(file, at);
    yield { length, bytes: () => centralHeader(file, at) };
    offset += localHeaderLength(file) + file.size;
    size += length;
  }
  const directory = { files: files.length, size, offset };
  yield { length: endRecordsLength(directory), bytes: () => endRecords(directory) };
}

// PKWARE APPNOTE 6.3: 4.3.7 local file header, 4.3.12 central directory, 4.3.14 to 4.3.16 its end, 4.5.3 zip64 field.
const most32 = 0xffff_ffff;
const most16 = 0xffff;
const utf8Names = 0x0800;
const madeOnUnix = 3 << 8;
const plainVersion = 20;
const zip64Version = 45;
const timeFieldLength = 9;
const regularFile = 0o100644 << 16;

interface Directory {
  files: number;
  size: number;
  offset: number;
}

export function localHeaderLength(file: ManifestFile): number {
  return 30 + nameLength(file) + timeFieldLength + zip64Length(file.size >= most32 ? 2 : 0);
}

export function localHeader(file: ManifestFile): Buffer {
  const name = nameOf(file);
  const extra = localExtra(file);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  writeCommon(header, file, 4);
  header.writeUInt16LE(name.length, 26);
  header.writeUInt16LE(extra.length, 28);
  return Buffer.concat([header, name, extra]);
}

export function centralHeaderLength(file: ManifestFile, offset: number): number {
  const wide = (file.size >= most32 ? 2 : 0) + (offset >= most32 ? 1 : 0);
  return 46 + nameLength(file) + timeFieldLength + zip64Length(wide);
}

export function centralHeader(file: ManifestFile, offset: number): Buffer {
  const name = nameOf(file);
  const extra = centralExtra(file, offset);
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(madeOnUnix | zip64Version, 4);
  writeCommon(header, file, 6);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt16LE(extra.length, 30);
  header.writeUInt32LE(regularFile >>> 0, 38);
  header.writeUInt32LE(Math.min(offset, most32), 42);
  return Buffer.concat([header, name, extra]);
}

function endRecordsLength(directory: Directory): number {
  return needsZip64(directory) ? 56 + 20 + 22 : 22;
}

export function endRecords(directory: Directory): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Math.min(directory.files, most16), 8);
  end.writeUInt16LE(Math.min(directory.files, most16), 10);
  end.writeUInt32LE(Math.min(directory.size, most32), 12);
  end.writeUInt32LE(Math.min(directory.offset, most32), 16);
  return needsZip64(directory) ? Buffer.concat([zip64Records(directory), end]) : end;
}

function needsZip64({ files, size, offset }: Directory): boolean {
  return files >= most16 || size >= most32 || offset >= most32;
}

function zip64Records({ files, size, offset }: Directory): Buffer {
  const records = Buffer.alloc(56 + 20);
  records.writeUInt32LE(0x06064b50, 0);
  writeUInt64(records, 44, 4);
  records.writeUInt16LE(madeOnUnix | zip64Version, 12);
  records.writeUInt16LE(zip64Version, 14);
  writeUInt64(records, files, 24);
  writeUInt64(records, files, 32);
  writeUInt64(records, size, 40);
  writeUInt64(records, offset, 48);
  records.writeUInt32LE(0x07064b50, 56);
  writeUInt64(records, offset + size, 64);
  records.writeUInt32LE(1, 72);
  return records;
}

/** The ten members that both headers share, in their order. */
function writeCommon(header: Buffer, file: ManifestFile, at: number): void {
  const { date, time } = dosTime(file);
  header.writeUInt16LE(file.size >= most32 ? zip64Version : plainVersion, at);
  header.writeUInt16LE(utf8Names, at + 2);
  header.writeUInt16LE(time, at + 6);
  header.writeUInt16LE(date, at + 8);
  header.writeUInt32LE(Number.parseInt(file.crc32, 16), at + 10);
  header.writeUInt32LE(Math.min(file.size, most32), at + 14);
  header.writeUInt32LE(Math.min(file.size, most32), at + 18);
}

function nameLength({ path }: ManifestFile): number {
  return Buffer.byteLength(path.includes('\\') ? visibleName(path) : path);
}

function nameOf({ path }: ManifestFile): Buffer {
  return Buffer.from(visibleName(path), 'utf8');
}

/** A backslash separates directories on Windows; its fullwidth form does not. */
function visibleName(path: string): string {
  return path.replaceAll('\\', '\uff3c');
}

/** A local header must state both sizes or none. */
function localExtra(file: ManifestFile): Buffer {
  const sizes = file.size >= most32 ? [file.size, file.size] : [];
  return Buffer.concat([zip64Field(sizes), timeField(file)]);
}

/** A central header states only the values that did not fit, in this order. */
function centralExtra(file: ManifestFile, offset: number): Buffer {
  const sizes = file.size >= most32 ? [file.size, file.size] : [];
  return Buffer.concat([zip64Field(offset >= most32 ? [...sizes, offset] : sizes), timeField(file)]);
}

function zip64Length(values: number): number {
  return values === 0 ? 0 : 4 + 8 * values;
}

function zip64Field(values: number[]): Buffer {
  const field = Buffer.alloc(zip64Length(values.length));
  if (values.length === 0) return field;
  field.writeUInt16LE(0x0001, 0);
  field.writeUInt16LE(8 * values.length, 2);
  for (const [index, value] of values.entries()) writeUInt64(field, value, 4 + 8 * index);
  return field;
}

/** Info-ZIP's field 0x5455: the modification time in UTC, which the header itself cannot state. */
function timeField(file: ManifestFile): Buffer {
  const seconds = Math.floor(Date.parse(file.modifiedAt) / 1000);
  const field = Buffer.alloc(timeFieldLength);
  field.writeUInt16LE(0x5455, 0);
  field.writeUInt16LE(5, 2);
  field.writeUInt8(1, 4);
  field.writeInt32LE(Math.max(-0x8000_0000, Math.min(seconds, 0x7fff_ffff)), 5);
  return field;
}

/** In steps of two seconds, from 1980 to 2107. */
function dosTime(file: ManifestFile): { date: number; time: number } {
  const at = new Date(file.modifiedAt);
  const year = at.getUTCFullYear();
  if (year < 1980) return { date: (1 << 5) | 1, time: 0 };
  if (year > 2107) return { date: (127 << 9) | (12 << 5) | 31, time: (23 << 11) | (59 << 5) | 29 };
  return {
    date: ((year - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
    time: (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1),
  };
}

function writeUInt64(buffer: Buffer, value: number, at: number): void {
  buffer.writeBigUInt64LE(BigInt(value), at);
}
