/** One file of an archive. */
export interface ZipEntry {
  path: string;
  content: Buffer;
}

const endOfDirectory = 0x06054b50;
const directoryEntry = 0x02014b50;
const localHeader = 0x04034b50;

/** Reads a small archive in memory. Throws unless its files are stored without compression, as this service stores them. */
export function readZip(archive: Buffer): ZipEntry[] {
  const end = findEnd(archive);
  const count = archive.readUInt16LE(end + 10);
  let at = archive.readUInt32LE(end + 16);
  const entries: ZipEntry[] = [];
  for (let index = 0; index < count; index += 1) {
    const { entry, next } = readEntry(archive, at);
    entries.push(entry);
    at = next;
  }
  return entries;
}

function findEnd(archive: Buffer): number {
  // Without a comment the record is the last 22 bytes; a comment may have 65,535.
  for (let at = archive.length - 22; at >= Math.max(0, archive.length - 22 - 65_535); at -= 1)
    if (archive.readUInt32LE(at) === endOfDirectory) return at;
  throw new Error('expected a zip archive');
}

function readEntry(archive: Buffer, at: number): { entry: ZipEntry; next: number } {
  if (archive.readUInt32LE(at) !== directoryEntry)
    throw new Error('the zip archive: its directory is broken');
  if (archive.readUInt16LE(at + 10) !== 0)
    throw new Error('the zip archive: expected files without compression');
  const size = archive.readUInt32LE(at + 24);
  const [name, extra, comment] = [28, 30, 32].map((offset) => archive.readUInt16LE(at + offset));
  const nameEnd = at + 46 + (name ?? 0);
  const path = archive.toString('utf8', at + 46, nameEnd);
  const content = readContent(archive, { at: archive.readUInt32LE(at + 42), size });
  return { entry: { path, content }, next: nameEnd + (extra ?? 0) + (comment ?? 0) };
}

function readContent(archive: Buffer, { at, size }: { at: number; size: number }): Buffer {
  if (archive.readUInt32LE(at) !== localHeader) throw new Error('the zip archive: a file header is broken');
  const start = at + 30 + archive.readUInt16LE(at + 26) + archive.readUInt16LE(at + 28);
  const content = archive.subarray(start, start + size);
  if (content.length !== size) throw new Error('the zip archive: it ends early');
  return content;
}
