import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { SidecarReport } from '../../src/flow/sidecar-report.ts';
import { manifestKey } from '../../src/flow/keys.ts';
import { encodeKey, fileKey, type Manifest, type ManifestFile } from '../../src/result/manifest.ts';
import type { ObjectStore } from '../../src/storage/object-store.ts';

export interface StandInResults {
  flow: string;
  /** Pod UID. */
  attempt: string;
  /** Path → content. */
  files: Readonly<Record<string, string>>;
}

/** What a sidecar leaves in the store, manifest last, and what it says of that. */
export async function storeResults(
  store: Pick<ObjectStore, 'put'>,
  { flow, attempt, files }: StandInResults,
  signal: AbortSignal,
): Promise<SidecarReport> {
  const now = new Date().toISOString();
  const entries: ManifestFile[] = [];
  for (const [path, content] of Object.entries(files)) {
    const [body, key] = [Buffer.from(content), encodeKey(path)];
    const stored = await store.put({ key: fileKey(flow, attempt, key), body, contentType }, signal);
    entries.push({ path, key, ...sums(body), etag: stored.etag, modifiedAt: now });
  }
  entries.sort((one, other) => (one.path < other.path ? -1 : 1));
  const manifest: Manifest = { version: 1, flow, attempt, createdAt: now, files: entries };
  const body = Buffer.from(JSON.stringify(manifest));
  const { etag } = await store.put({ key: manifestKey(flow, attempt), body, contentType }, signal);
  const bytes = entries.reduce((sum, { size }) => sum + size, 0);
  return { manifest: { sha256: sums(body).sha256, etag, files: entries.length, bytes } };
}

const contentType = 'application/octet-stream';

function sums(body: Buffer): Pick<ManifestFile, 'size' | 'sha256' | 'crc32'> {
  return {
    size: body.length,
    sha256: createHash('sha256').update(body).digest('hex'),
    crc32: crc32(body).toString(16).padStart(8, '0'),
  };
}
