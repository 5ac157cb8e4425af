import type { ManifestFile } from '../manifest.ts';
import type { ObjectSource, Segment } from './segment.ts';

const blockBytes = 512;

/** A tar in the POSIX pax format, as deterministic and as addressable as the zip. */
export function* tarSegments(
  files: readonly ManifestFile[],
  sourceOf: (file: ManifestFile) => ObjectSource,
): Generator<Segment> {
  for (const file of files) {
    yield { length: tarHeaderLength(file), bytes: () => tarHeader(file) };
    if (file.size > 0) yield { length: file.size, object: sourceOf(file) };
    const padding = (blockBytes - (file.size % blockBytes)) % blockBytes;
    if (padding > 0) yield zeros(padding);
  }
  yield zeros(2 * blockBytes);
}

function zeros(length: number): Segment {
  return { length, bytes: () => Buffer.alloc(length) };
}

// IEEE Std 1003.1, pax: the ustar header block, and before it an extended header for what does not fit into one.
const most11Digits = 0o77777777777;

/** One block, or three and more if the path or the size needs an extended header. */
function tarHeaderLength(file: ManifestFile): number {
  const plain = file.size <= most11Digits && placeOf(file.path) !== undefined;
  return plain ? 512 : tarHeader(file).length;
}

function tarHeader(file: ManifestFile): Buffer {
  const place = placeOf(file.path);
  const modified = modifiedSeconds(file);
  const size = file.size > most11Digits ? 0 : file.size;
  const block = ustarBlock({
    place: place ?? { prefix: '', name: standIn(file.path) },
    size,
    modified,
    type: '0',
  });
  const records = extendedRecords(file, place);
  if (records.length === 0) return block;
  const extension = Buffer.concat(records.map(paxRecord));
  const name = `PaxHeaders/${standIn(file.path)}`.slice(0, 100);
  const extensionBlock = ustarBlock({
    place: { prefix: '', name },
    size: extension.length,
    modified,
    type: 'x',
  });
  return Buffer.concat([extensionBlock, padded(extension), block]);
}

function extendedRecords({ path, size }: ManifestFile, place: Place | undefined): [string, string][] {
  const records: [string, string][] = [];
  if (place === undefined) records.push(['path', path]);
  if (size > most11Digits) records.push(['size', String(size)]);
  return records;
}

interface Place {
  prefix: string;
  name: string;
}

/** An ASCII path cut into 155 + 100 bytes; undefined if that is not possible. */
function placeOf(path: string): Place | undefined {
  if (!/^[\x20-\x7e]+$/.test(path)) return undefined;
  if (path.length <= 100) return { prefix: '', name: path };
  const cut = path.indexOf('/', path.length - 101);
  return cut === -1 || cut > 155 ? undefined : { prefix: path.slice(0, cut), name: path.slice(cut + 1) };
}

/** For readers that do not know extended headers: the end of the path, in ASCII. */
function standIn(path: string): string {
  return path
    .replaceAll(/[^\x21-\x7e]/g, '_')
    .slice(-88)
    .replace(/^\/+/, '');
}

/** "length key=value\n", where the length counts its own digits. */
function paxRecord([key, value]: [string, string]): Buffer {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (String(length).length > String(rest).length) length = rest + String(length).length;
  return Buffer.from(`${length} ${key}=${value}\n`, 'utf8');
}

function ustarBlock({
  place,
  size,
  modified,
  type,
}: {
  place: Place;
  size: number;
  modified: number;
  type: string;
}): Buffer {
  const block = Buffer.alloc(512);
  block.write(place.name, 0, 'latin1');
  block.write(octal(0o644, 8), 100, 'latin1');
  block.write(octal(0, 8), 108, 'latin1');
  block.write(octal(0, 8), 116, 'latin1');
  block.write(octal(size, 12), 124, 'latin1');
  block.write(octal(modified, 12), 136, 'latin1');
  block.write('        ', 148, 'latin1');
  block.write(type, 156, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  block.write(octal(0, 8), 329, 'latin1');
  block.write(octal(0, 8), 337, 'latin1');
  block.write(place.prefix, 345, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 7)}\0 `, 148, 'latin1');
  return block;
}

/** Digits and the field's closing NUL, which the zeroed block holds already. */
function octal(value: number, width: number): string {
  return value.toString(8).padStart(width - 1, '0');
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

function modifiedSeconds(file: ManifestFile): number {
  return Math.max(0, Math.min(Math.floor(Date.parse(file.modifiedAt) / 1000), most11Digits));
}
