import { encodeKey, fileKey } from '../result/manifest.ts';
import { uploadFile } from '../storage/upload/upload-file.ts';
import { type FoundFile, refused, isReleasable, releaseFile } from './result-file.ts';
import { openResult } from './open-result.ts';
import { concurrency, type Session } from './session.ts';

/** The limit of S3 in bytes of UTF-8; our keys are ASCII. */
const maxKeyLength = 1024;

/**
 * Stores files, several at once, and writes each to the journal. Returns how many changed or vanished meanwhile. After the first
 * failure no further file is started; the failure is thrown when the others have ended, and what is stored stays stored.
 */
export async function uploadResults(
  session: Session,
  files: readonly FoundFile[],
  stop: { readonly aborted: boolean },
): Promise<{ unsettled: number }> {
  const queue = files.values();
  let unsettled = 0;
  let failure: { error: unknown } | undefined;
  async function uploadInTurn(): Promise<void> {
    for (const file of queue) {
      if (stop.aborted || failure !== undefined) return;
      try {
        if ((await uploadResult(session, file)) === 'unsettled') unsettled += 1;
      } catch (error) {
        failure ??= { error };
      }
    }
  }
  await Promise.all(Array.from({ length: concurrency }, uploadInTurn));
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
    const { store, pool } = session;
    const { addBegun: onBegun, addEnded: onEnded } = journal;
    const upload = { source, key: objectKey, store, pool, onBegun, onEnded };
    const uploaded = await uploadFile(upload, deadline);
    if (uploaded.result === 'changed') return 'unsettled';
    const { etag, sha256, crc32 } = uploaded;
    const { identity, size, modifiedMillis } = source;
    const modifiedAt = new Date(modifiedMillis).toISOString();
    journal.addStored({ path: file.path, key, size, etag, sha256, crc32, modifiedAt, identity });
    session.trouble.last = undefined;
    await free(session, { ...file, identity });
    return 'stored';
  } finally {
    await source.close();
  }
}

/** The journal first, then the file: a crash in between must not look like a deletion by the worker. */
async function free({ settings, journal, log }: Session, file: FoundFile): Promise<void> {
  if (!settings.releaseAfterUpload || !isReleasable(file.path)) return;
  journal.addReleased(file.path);
  if (!(await releaseFile(file))) log('warn', 'a stored file could not be freed', { path: file.path });
}
