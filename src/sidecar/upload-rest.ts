import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { setTimeout as delay } from 'node:timers/promises';
import { backOffMillis } from '../back-off.ts';
import { isServiceError, ServiceError } from '../errors.ts';
import {
  manifestKey,
  maxManifestBytes,
  type SidecarReport,
  type Manifest,
  type ManifestFile,
} from '../result/manifest.ts';
import { putJsonOnce } from '../storage/upload/put-object.ts';
import type { Session } from './session.ts';
import { uploadResults } from './upload-results.ts';
import { walkResults, type Look } from './walk-results.ts';
import type { FoundFile } from './result-file.ts';
import type { StoredFile } from './journal.ts';

/** The worker has ended: a file that still changes is somebody's mistake. */
const maxUnsettledLooks = 10;

/**
 * After the worker's end: every file is compared with what the store holds, the rest is uploaded, the manifest last.
 * Tries until the deadline unless a result is refused for good; then, or at the deadline, the last failure is thrown.
 */
export async function uploadRest(session: Session): Promise<SidecarReport> {
  const { deadline, retry } = session;
  let unsettledLooks = 0;
  for (let attempt = 1; ; attempt += 1) {
    throwIfOver(session);
    try {
      const look = await walkResults(session.root);
      if (await uploadMissing(session, look)) return await writeManifest(session, look);
      unsettledLooks += 1;
      if (unsettledLooks >= maxUnsettledLooks)
        throw new ServiceError('forbidden', 'the results go on changing');
    } catch (error) {
      const final = isServiceError(error, 'forbidden', 'payload-too-large', 'precondition-failed');
      if (final || deadline.aborted) throw error;
      retry.onFailure?.({ attempt, error });
    }
    await delay(backOffMillis(retry, attempt), undefined, { signal: deadline }).catch(() => undefined);
  }
}

function throwIfOver({ deadline, trouble }: Session): void {
  if (!deadline.aborted) return;
  throw trouble.last instanceof Error ? trouble.last : (deadline.reason as Error);
}

/** True when everything in the look is stored as the look saw it. */
async function uploadMissing(session: Session, { files, refusals }: Look): Promise<boolean> {
  const [refusal] = refusals;
  if (refusal !== undefined) throw refusal;
  const { stored } = session.journal;
  const missing = files.filter((file) => stored.get(file.path)?.identity !== file.identity);
  await uploadResults(session, missing, session.deadline);
  return files.every((file) => {
    const there = stored.get(file.path);
    return there?.released === true || there?.identity === file.identity;
  });
}

async function writeManifest(session: Session, { files }: Look): Promise<SidecarReport> {
  const { settings, store, journal, deadline } = session;
  const { flow, attempt } = settings;
  const manifest = buildManifest({ flow, attempt, files, stored: journal.stored, now: new Date() });
  const bytes = Buffer.from(`${JSON.stringify(manifest)}\n`);
  if (bytes.length > maxManifestBytes) {
    throw new ServiceError(
      'payload-too-large',
      `the manifest of ${manifest.files.length} files is too large`,
    );
  }
  const manifestObject = { key: manifestKey(flow, attempt), payload: { bytes, crc32: crc32(bytes) } };
  const etag = await putJsonOnce(store, manifestObject, deadline);
  return {
    manifest: {
      sha256: createHash('sha256').update(bytes).digest('hex'),
      etag,
      files: manifest.files.length,
      bytes: manifest.files.reduce((sum, file) => sum + file.size, 0),
    },
  };
}

export interface ManifestSource {
  flow: string;
  attempt: string;
  /** The last look's. */
  files: readonly FoundFile[];
  stored: ReadonlyMap<string, StoredFile>;
  now: Date;
}

/** What the last look saw, and what was stored and freed before it; files that the worker removed are not results. */
function buildManifest({ flow, attempt, files, stored, now }: ManifestSource): Manifest {
  const present = new Set(files.map((file) => file.path));
  const entries = [...stored.values()]
    .filter((file) => present.has(file.path) || file.released === true)
    .map(manifestFile)
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  return { version: 1, flow, attempt, createdAt: now.toISOString(), files: entries };
}

function manifestFile({ path, key, size, sha256, crc32, etag, modifiedAt }: StoredFile): ManifestFile {
  return { path, key, size, sha256, crc32, etag, modifiedAt };
}
