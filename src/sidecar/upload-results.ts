import { encodeKey, fileKey } from '../result/manifest.ts';
import { uploadFile } from '../storage/upload/upload-file.ts';
import { type FoundFile, refused, isReleasable, releaseFile } from './result-file.ts';
import { openResult } from './open-result.ts';
import { lanes, type Session } from './session.ts';

/** S3's own limit, in bytes of UTF-8; ours are ASCII. */
const maxKeyLength = 1024;

/**
 * Stores files, several at once, and writes each into the journal; answers how many changed or vanished meanwhile. The
 * first failure stops what has not been started, is thrown when the rest has ended, and costs nothing that is stored.
 */
export async function uploadResults(
  session: Session,
  files: readonly FoundFile[],
  stop: { readonly aborted: boolean },
): Promise<{ unsettled: number }> {
  const queue = files.values();
  let unsettled = 0;
  let failure: { error: unknown } | undefined;
  async function lane(): Promise<void> {
    for (const file of queue) {
      if (stop.aborted || failure !== undefined) return;
      try {
        if ((await uploadResult(session, file)) === 'unsettled') unsettled += 1;
      } catch (error) {
        failure ??= { error };
      }
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane));
  if (failure !== undefined) throw failure.error;
  return { unsettled };
}

async function uploadResult(session: Session, file: FoundFile): Promise<'stored' | 'unsettled'> {
  const { settings, journal, deadline } = session;
  const key = encodeKey(file.path);
  const objectKey = fileKey(settings.flow, settings.attempt, key);
  if (objectKey.length > maxKeyLength)
    throw refused(file.path, `is too long: its key would have ${objectKey.length} bytes`);
  const source = await openResult(session.root, file);
  if (source === undefined) return 'unsettled';
  try {
    const means = {
      store: session.store,
      pool: session.pool,
      begun: journal.addBegun.bind(journal),
      ended: journal.addEnded.bind(journal),
    };
    const { result, ...digests } = await uploadFile({ source, key: objectKey, ...means }, deadline);
    if (result === 'changed') return 'unsettled';
    const { identity, size, modifiedMillis } = source;
    const modifiedAt = new Date(modifiedMillis).toISOString();
    journal.addStored({ path: file.path, key, size, ...(digests as Digests), modifiedAt, identity });
    session.trouble.last = undefined;
    await free(session, { ...file, identity });
    return 'stored';
  } finally {
    await source.close();
  }
}
type Digests = { sha256: string; crc32: string; etag: string };

/** First the journal, then the file: a crash in between must not look like a deletion by the worker. */
async function free({ settings, journal, log }: Session, file: FoundFile): Promise<void> {
  if (!settings.releaseAfterUpload || !isReleasable(file.path)) return;
  journal.addReleased(file.path);
  if (!(await releaseFile(file))) log('warn', 'a stored file could not be freed', { path: file.path });
}
