import { isServiceError } from '../errors.ts';
import type { FailureReason } from '../flow/outcome.ts';
import type { SidecarReport } from '../flow/sidecar-report.ts';
import type { ObjectInfo, ObjectStore } from '../storage/object-store.ts';
import { fileKey, type Manifest, type ManifestFile } from './manifest.ts';
import { readManifest, type StoredManifest } from './read-manifest.ts';

/** The manifest as the sidecar's termination message describes it. */
export type ManifestReport = Extract<SidecarReport, { manifest: unknown }>['manifest'];

export interface ResultsToVerify {
  store: ObjectStore;
  flow: string;
  attempt: string;
  report: ManifestReport;
  /** Paths that must be among the results. */
  required: string[];
  /** Results without any file are accepted. */
  allowEmpty?: boolean;
}

export type Verdict =
  { verdict: 'verified'; manifest: Manifest } | { verdict: 'failed'; reason: FailureReason; message: string };

/**
 * The third and fourth proof of success: the manifest is the one that the sidecar reported, and the store's listing agrees with it in
 * key, size and ETag. Objects that only the listing has are no fault: the sidecar uploads while the worker runs, and a file that the
 * worker deletes later stays in the store, where no address points at it. Throws if the store is out of reach.
 */
export async function verifyResults(results: ResultsToVerify, signal: AbortSignal): Promise<Verdict> {
  try {
    // List and manifest at once: nothing is written to the prefix of an attempt that has ended.
    const listing = readAhead(results.store.list(fileKey(results.flow, results.attempt, ''), signal));
    const reading = await readManifest(results, signal);
    if (!reading.found) return { verdict: 'failed', reason: reading.reason, message: reading.message };
    const { manifest } = reading.stored;
    return (
      compareWithReport(reading.stored, results.report) ??
      findRequired(manifest, results.required) ??
      refuseEmpty(manifest, results) ??
      (await compareWithListing(results, manifest, listing)) ?? { verdict: 'verified', manifest }
    );
  } catch (error) {
    if (isServiceError(error, 'bucket-missing'))
      return failed('bucket-missing', 'the bucket does not exist any more');
    throw error;
  }
}

function compareWithReport(
  { manifest, sha256, etag }: StoredManifest,
  report: ManifestReport,
): Verdict | undefined {
  const bytes = manifest.files.reduce((sum, file) => sum + file.size, 0);
  const found = { sha256, etag, files: manifest.files.length, bytes };
  for (const member of ['sha256', 'etag', 'files', 'bytes'] as const) {
    if (found[member] === report[member]) continue;
    return failed(
      'results-changed',
      `the manifest's ${member} is ${found[member]}; its sidecar reported ${report[member]}`,
    );
  }
  return undefined;
}

function findRequired(manifest: Manifest, required: string[]): Verdict | undefined {
  if (required.length === 0) return undefined;
  const paths = new Set(manifest.files.map((file) => file.path));
  const lost = required.filter((path) => !paths.has(path));
  if (lost.length === 0) return undefined;
  return failed('results-incomplete', `the worker did not write ${quoted(lost)}`);
}

/** The worker usually wrote to another directory, and an address of nothing would hide that. */
function refuseEmpty({ files }: Manifest, { allowEmpty = false }: ResultsToVerify): Verdict | undefined {
  if (allowEmpty || files.length > 0) return undefined;
  return failed(
    'results-missing',
    'the worker ended well and wrote no file into its result directory ($RESULT_DIRECTORY); a template that means it says results.allowEmpty: true',
  );
}

/** Requests the first page at once. If nobody reads it, its failure is ignored. */
function readAhead(objects: AsyncIterable<ObjectInfo>): AsyncIterable<ObjectInfo> {
  const iterator = objects[Symbol.asyncIterator]();
  const first = iterator.next();
  first.catch(() => undefined);
  return {
    async *[Symbol.asyncIterator]() {
      for (let item = await first; item.done !== true; item = await iterator.next()) yield item.value;
    },
  };
}

/** Both sides are in key order, so that only one page of the listing is in memory beside the manifest. */
async function compareWithListing(
  { flow, attempt }: ResultsToVerify,
  manifest: Manifest,
  listing: AsyncIterable<ObjectInfo>,
): Promise<Verdict | undefined> {
  const files = manifest.files.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const prefix = fileKey(flow, attempt, '');
  let next = 0;
  for await (const object of listing) {
    const key = object.key.slice(prefix.length);
    const expected = files[next];
    if (expected === undefined) break;
    if (key < expected.key) continue;
    const problem = key > expected.key ? lostFile(expected) : changedFile(expected, object);
    if (problem !== undefined) return problem;
    next += 1;
  }
  const rest = files[next];
  return rest === undefined ? undefined : lostFile(rest);
}

function lostFile(file: ManifestFile): Verdict {
  return failed('results-changed', `${quoted([file.path])} is in the manifest but not in the store`);
}

function changedFile(file: ManifestFile, object: ObjectInfo): Verdict | undefined {
  if (file.size !== object.size) {
    return failed(
      'results-changed',
      `${quoted([file.path])} has ${object.size} bytes in the store, ${file.size} in the manifest`,
    );
  }
  if (file.etag !== object.etag)
    return failed('results-changed', `${quoted([file.path])} was replaced in the store`);
  return undefined;
}

/** The worker chose these names: at most three are shown, cut, as JSON strings that stay on one line. */
function quoted(paths: string[]): string {
  const shown = paths
    .slice(0, 3)
    .map((path) => JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}…` : path));
  return paths.length > 3 ? `${shown.join(', ')} and ${paths.length - 3} more` : shown.join(', ');
}

function failed(reason: FailureReason, message: string): Verdict {
  return { verdict: 'failed', reason, message };
}
