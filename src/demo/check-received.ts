import { hash } from 'node:crypto';
import type { Manifest, ManifestFile } from '../result/manifest.ts';
import { readZip, type ZipEntry } from './read-zip.ts';

/** Returns the received files: one as it is, several from an archive. Throws unless each is byte for byte the manifest's. */
export function checkReceived(received: Buffer, manifest: Manifest): ZipEntry[] {
  const [only, ...others] = manifest.files;
  if (only === undefined) throw new Error('the manifest lists no files');
  const entries =
    others.length === 0 && digest(received) === only.sha256
      ? [{ path: only.path, content: received }]
      : readZip(received);
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  if (byPath.size !== manifest.files.length)
    throw new Error(`expected the ${manifest.files.length} files of the manifest, received ${byPath.size}`);
  for (const file of manifest.files) checkFile(file, byPath.get(file.path));
  return entries;
}

function checkFile({ path, sha256 }: ManifestFile, entry: ZipEntry | undefined): void {
  if (entry === undefined) throw new Error(`${path}: expected this file of the manifest, received none`);
  const found = digest(entry.content);
  if (found !== sha256)
    throw new Error(`${path}: expected the manifest's sha256 ${sha256}, received ${found}`);
}

function digest(content: Buffer): string {
  return hash('sha256', content);
}
