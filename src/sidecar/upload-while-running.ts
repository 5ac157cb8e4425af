import { setTimeout as delay } from 'node:timers/promises';
import { backOffMillis } from '../back-off.ts';
import { messageOf } from '../errors.ts';
import type { Session } from './session.ts';
import { uploadResults } from './upload-results.ts';
import { walkResults } from './walk-results.ts';
import { type FoundFile, isReleasable } from './result-file.ts';

/** A pause is at least so many times as long as the scan before it, however many files there are. */
const pauseFactor = 10;
const longestPauseMillis = 60_000;

/**
 * Stores what the worker has finished, scan after scan, until the signal. A failure is logged and tried again. Uploads that are under
 * way when the signal aborts are finished.
 */
export async function uploadWhileRunning(session: Session, terminate: AbortSignal): Promise<void> {
  const { settings, log } = session;
  let before = new Map<string, string>();
  let failures = 0;
  while (!terminate.aborted) {
    const start = performance.now();
    try {
      before = await scanOnce(session, before, terminate);
      failures = 0;
    } catch (error) {
      failures += 1;
      if (failures === 1)
        log('warn', 'uploading during the run failed and is tried again', { problem: messageOf(error) });
    }
    const took = performance.now() - start;
    const pause =
      failures > 0
        ? backOffMillis({ firstMillis: settings.pollMillis, maxMillis: longestPauseMillis }, failures)
        : Math.max(settings.pollMillis, took * pauseFactor);
    await delay(Math.min(pause, longestPauseMillis), undefined, { signal: terminate }).catch(() => undefined);
  }
}

async function scanOnce(
  session: Session,
  before: ReadonlyMap<string, string>,
  terminate: AbortSignal,
): Promise<Map<string, string>> {
  const { settings, journal, root } = session;
  const { files } = await walkResults(root);
  const missing = files.filter((file) => journal.stored.get(file.path)?.identity !== file.identity);
  const { settleMillis, releaseAfterUpload } = settings;
  const settled = settledFiles(missing, { before, settleMillis, releaseAfterUpload, nowMillis: Date.now() });
  await uploadResults(session, settled, terminate);
  return new Map(missing.map((file) => [file.path, file.identity]));
}

interface SettledOptions {
  /** Files of the previous scan: path → identity. */
  before: ReadonlyMap<string, string>;
  settleMillis: number;
  releaseAfterUpload: boolean;
  nowMillis: number;
}

/**
 * The files of a scan that the worker seems to have finished: the same in two scans and unchanged for a while. With
 * `releaseAfterUpload` a file renamed into `done/` is finished at once.
 */
export function settledFiles(files: readonly FoundFile[], options: SettledOptions): FoundFile[] {
  const { before, settleMillis, releaseAfterUpload, nowMillis } = options;
  return files.filter((file) => {
    if (releaseAfterUpload && isReleasable(file.path)) return true;
    return before.get(file.path) === file.identity && nowMillis - file.modifiedMillis >= settleMillis;
  });
}
