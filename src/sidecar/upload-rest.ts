import { hash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { backOffMillis } from '../back-off.ts';
import { isServiceError, ServiceError } from '../errors.ts';
import { manifestKey } from '../flow/keys.ts';
import type { SidecarReport } from '../flow/sidecar-report.ts';
import { maxManifestBytes, type Manifest, type ManifestFile } from '../result/manifest.ts';
import { putJsonOnce } from '../storage/upload/put-object.ts';
import type { Session } from './session.ts';
import { uploadResults } from './upload-results.ts';
import { walkResults, type Scan } from './walk-results.ts';
import type { FoundFile } from './result-file.ts';
import type { StoredFile } from './journal.ts';
import { jsonPayload } from '../storage/upload/ask-store.ts';

/** Scans of results that still change: the worker has ended, so that something else writes. */
const maxUnsettledScans = 10;

/**
 * After the worker's end: compares every file with what the store holds, uploads the rest, and writes the manifest last. Repeats until
 * the deadline, unless a result is refused for good; then, or at the deadline, it throws the last failure.
 */
export async function uploadRest(session: Session): Promise<SidecarReport> {
  const { deadline, retry } = session;
  let unsettledScans = 0;
  for (let attempt = 1; ; attempt += 1) {
    throwIfOver(session);
    try {
      const scan = await walkResults(session.root);
      if (await uploadMissing(session, scan)) return await writeManifest(session, scan);
      unsettledScans += 1;
      if (unsettledScans >= maxUnsettledScans)
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

/** Returns whether everything in the scan is stored as the scan saw it. */
async function uploadMissing(session: Session, { files, refusals }: Scan): Promise<boolean> {
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

async function writeManifest(session: Session, { files }: Scan): Promise<SidecarReport> {
  const { settings, store, journal, deadline } = session;
  const { flow, attempt } = settings;
  const manifest = buildManifest({ flow, attempt, files, stored: journal.stored, now: new Date() });
  const payload = jsonPayload(manifest);
  const { bytes } = payload;
  if (bytes.length > maxManifestBytes) {
    throw new ServiceError(
      'payload-too-large',
      `the manifest of ${manifest.files.length} files is too large`,
    );
  }
  const etag = await putJsonOnce(store, { key: manifestKey(flow, attempt), payload }, deadline);
  return {
    manifest: {
      sha256: hash('sha256', bytes, 'hex'),
      etag,
      files: manifest.files.length,
      bytes: manifest.files.reduce((sum, file) => sum + file.size, 0),
    },
  };
}

interface ManifestSource {
  flow: string;
  attempt: string;
  /** Files of the last scan. */
  files: readonly FoundFile[];
  stored: ReadonlyMap<string, StoredFile>;
  now: Date;
}

/** Lists what the last scan saw, and what was stored and freed before it. Files that the worker removed are not results. */
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
