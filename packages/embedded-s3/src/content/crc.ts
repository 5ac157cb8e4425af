import { crc32 } from 'node:zlib';

/** A running cyclic redundancy check; `value` is the checksum of what was added so far. */
export interface Crc {
  add(chunk: Buffer): void;
  value(): Buffer;
}

export function createCrc32(): Crc {
  let sum = 0;
  return {
    add(chunk) {
      sum = crc32(chunk, sum);
    },
    value: () => word(sum),
  };
}

const castagnoli = slicingTables(0x82f63b78);

/** CRC-32C in steps of eight bytes: clients send it with every upload, and steps of one byte are slower than the disk. */
export function createCrc32c(): Crc {
  let sum = ~0;
  return {
    add(chunk) {
      sum = addCrc32c(sum, chunk);
    },
    value: () => word(~sum >>> 0),
  };
}

function addCrc32c(start: number, chunk: Buffer): number {
  const end = chunk.length - (chunk.length % 8);
  let sum = start;
  let at = 0;
  for (; at < end; at += 8) {
    sum ^=
      byte(chunk, at) |
      (byte(chunk, at + 1) << 8) |
      (byte(chunk, at + 2) << 16) |
      (byte(chunk, at + 3) << 24);
    sum =
      entry(7, sum & 255) ^
      entry(6, (sum >>> 8) & 255) ^
      entry(5, (sum >>> 16) & 255) ^
      entry(4, sum >>> 24) ^
      entry(3, byte(chunk, at + 4)) ^
      entry(2, byte(chunk, at + 5)) ^
      entry(1, byte(chunk, at + 6)) ^
      entry(0, byte(chunk, at + 7));
  }
  for (; at < chunk.length; at += 1) sum = (sum >>> 8) ^ entry(0, (sum ^ byte(chunk, at)) & 255);
  return sum;
}

function byte(chunk: Buffer, at: number): number {
  return chunk[at] ?? 0;
}

function entry(table: number, place: number): number {
  return castagnoli[(table << 8) + place] ?? 0;
}

/** Eight tables of 256 entries in one array: the n-th has the effect of a byte on the sum when n bytes follow it. */
function slicingTables(polynomial: number): Int32Array {
  const tables = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let sum = byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum & 1) === 1 ? (sum >>> 1) ^ polynomial : sum >>> 1;
    tables[byte] = sum;
  }
  for (let at = 256; at < tables.length; at += 1) {
    const before = tables[at - 256] ?? 0;
    tables[at] = (before >>> 8) ^ (tables[before & 255] ?? 0);
  }
  return tables;
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
