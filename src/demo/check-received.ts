import { createHash } from 'node:crypto';
import type { Manifest, ManifestFile } from '../result/manifest.ts';
import { readZip, type ZipEntry } from './read-zip.ts';

/**
 * What arrived must be, byte for byte, what the manifest lists: one file as it is, several as an archive. Returns the files.
 */
export function checkReceived(received: Buffer, manifest: Manifest): ZipEntry[] {
  const [only, ...others] = manifest.files;
  if (only === undefined) throw new Error('the manifest lists no files');
  const entries =
    others.length === 0 && digest(received) === only.sha256
      ? [{ path: only.path, content: received }]
      : readZip(received);
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  if (byPath.size !== manifest.files.length)
    throw new Error(`${manifest.files.length} files are in the manifest, and ${byPath.size} arrived`);
  for (const file of manifest.files) checkFile(file, byPath.get(file.path));
  return entries;
}

function checkFile({ path, sha256 }: ManifestFile, entry: ZipEntry | undefined): void {
  if (entry === undefined) throw new Error(`${path} is in the manifest and did not arrive`);
  const found = digest(entry.content);
  if (found !== sha256) throw new Error(`${path} arrived with sha256 ${found}; its manifest says ${sha256}`);
}

function digest(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
