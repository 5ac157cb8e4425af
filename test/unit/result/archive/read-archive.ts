import { crc32 } from 'node:zlib';

export interface Entry {
  path: string;
  bytes: Buffer;
  modified: number;
}

/** An independent reader: from the end record backwards, as unpackers do. Handles zip64, and checks what it reads twice. */
export function readZip(zip: Buffer): Entry[] {
  const { count, offset } = readZipEnd(zip);
  const entries: Entry[] = [];
  let at = offset;
  for (let index = 0; index < count; index += 1) {
    if (zip.readUInt32LE(at) !== 0x02014b50) throw new Error(`no central header at ${at}`);
    const nameLength = zip.readUInt16LE(at + 28);
    const extraLength = zip.readUInt16LE(at + 30);
    const path = zip.toString('utf8', at + 46, at + 46 + nameLength);
    const fields = extraFields(zip.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength));
    const stored = zip.readUInt32LE(at + 24);
    const offset32 = zip.readUInt32LE(at + 42);
    const [size = 0, , localAt = 0] = widened([stored, zip.readUInt32LE(at + 20), offset32], fields.get(1));
    const bytes = readLocal(zip, { at: localAt, path, size, crc: zip.readUInt32LE(at + 16) });
    entries.push({ path, bytes, modified: fields.get(0x5455)?.readInt32LE(1) ?? 0 });
    at += 46 + nameLength + extraLength;
  }
  return entries;
}

/** Members that are all ones have their value in the zip64 field, in this order. */
function widened(values: number[], field: Buffer | undefined): number[] {
  let at = 0;
  return values.map((value) => {
    if (value !== 0xffff_ffff || field === undefined) return value;
    at += 8;
    return Number(field.readBigUInt64LE(at - 8));
  });
}

function readZipEnd(zip: Buffer): { count: number; offset: number } {
  const end = zip.length - 22;
  if (zip.readUInt32LE(end) !== 0x06054b50) throw new Error('no end record');
  const count = zip.readUInt16LE(end + 10);
  const offset = zip.readUInt32LE(end + 16);
  if (count !== 0xffff && offset !== 0xffff_ffff) return { count, offset };
  if (zip.readUInt32LE(end - 20) !== 0x07064b50) throw new Error('no zip64 locator');
  const record = Number(zip.readBigUInt64LE(end - 12));
  if (zip.readUInt32LE(record) !== 0x06064b50) throw new Error('no zip64 end record');
  return {
    count: Number(zip.readBigUInt64LE(record + 32)),
    offset: Number(zip.readBigUInt64LE(record + 48)),
  };
}

function readLocal(
  zip: Buffer,
  { at, path, size, crc }: { at: number; path: string; size: number; crc: number },
): Buffer {
  if (zip.readUInt32LE(at) !== 0x04034b50) throw new Error(`no local header at ${at}`);
  const nameLength = zip.readUInt16LE(at + 26);
  if (zip.toString('utf8', at + 30, at + 30 + nameLength) !== path) throw new Error(`another name at ${at}`);
  if (zip.readUInt32LE(at + 14) !== crc) throw new Error(`another crc at ${at}`);
  const start = at + 30 + nameLength + zip.readUInt16LE(at + 28);
  const bytes = zip.subarray(start, start + size);
  if (crc32(bytes) !== crc) throw new Error(`wrong bytes of ${path}`);
  return bytes;
}

function extraFields(extra: Buffer): Map<number, Buffer> {
  const fields = new Map<number, Buffer>();
  for (let at = 0; at < extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    fields.set(extra.readUInt16LE(at), extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2)));
  }
  return fields;
}

/** Reads ustar with pax extended headers, and checks every header's sum. */
export function readTar(tar: Buffer): Entry[] {
  const entries: Entry[] = [];
  let pax = new Map<string, string>();
  let at = 0;
  while (tar[at] !== 0) {
    const header = readTarHeader(tar.subarray(at, at + 512));
    const size = Number(pax.get('size') ?? header.size);
    const bytes = tar.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
    if (header.type === 'x') pax = paxRecords(bytes);
    else {
      entries.push({ path: pax.get('path') ?? header.path, bytes, modified: header.modified });
      pax = new Map();
    }
  }
  if (tar.length - at !== 1024 || tar.subarray(at).some((byte) => byte !== 0))
    throw new Error('no two empty blocks at the end');
  return entries;
}

export function readTarHeader(block: Buffer): { path: string; size: number; modified: number; type: string } {
  const copy = Buffer.from(block);
  copy.fill(' ', 148, 156);
  const sum = copy.reduce((total, byte) => total + byte, 0);
  if (Number.parseInt(textAt(block, 148, 8), 8) !== sum) throw new Error('wrong sum of a header');
  if (textAt(block, 257, 6) !== 'ustar') throw new Error('not a ustar header');
  const prefix = textAt(block, 345, 155);
  const path = prefix === '' ? textAt(block, 0, 100) : `${prefix}/${textAt(block, 0, 100)}`;
  return {
    path,
    size: Number.parseInt(textAt(block, 124, 12), 8),
    modified: Number.parseInt(textAt(block, 136, 12), 8),
    type: textAt(block, 156, 1),
  };
}

function textAt(block: Buffer, from: number, length: number): string {
  return block.toString('latin1', from, from + length).replace(/\0.*$/s, '');
}

export function paxRecords(bytes: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length;) {
    const length = Number.parseInt(bytes.toString('latin1', at, at + 10), 10);
    const [, key = '', value = ''] =
      /^\d+ ([^=]+)=(.*)\n$/s.exec(bytes.toString('utf8', at, at + length)) ?? [];
    records.set(key, value);
    at += length;
  }
  return records;
}
