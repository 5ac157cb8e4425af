import { isServiceError } from '../../errors.ts';
import { uploadsPrefix } from '../../flow/keys.ts';
import { hasExpired, readUpload, removeUpload, uploadTime } from '../../uploads/stored-upload.ts';
import type { Reconciler } from '../reconciler.ts';

type Parts = Pick<Reconciler, 'store' | 'now' | 'log'> & {
  config: { uploads: { keepSeconds: number } };
};

/**
 * Deletes uploads that have expired, and of the same age what was never completed: content without a description, and uploads in parts. Their
 * ids are in the order of their times, so that only those that may be due are read.
 */
export async function sweepUploads(deps: Parts, signal: AbortSignal): Promise<void> {
  const { store, config, now } = deps;
  const before = now().getTime() - config.uploads.keepSeconds * 1000;
  function isOld(key: string): boolean {
    const time = uploadTime(idOf(key));
    return time !== undefined && time <= before;
  }
  try {
    let last = '';
    for await (const { key } of store.list(uploadsPrefix, signal)) {
      const id = idOf(key);
      if (uploadTime(id) === undefined || id === last) continue;
      if (!isOld(key)) break;
      last = id;
      if (await isKept(deps, id, signal)) continue;
      await removeUpload(store, id, signal);
      deps.log.info({ upload: id }, 'expired upload deleted');
    }
    await store.abortUploads({ prefix: uploadsPrefix, isMeant: isOld }, signal);
  } catch (error) {
    // A store may not let us list uploads in parts.
    if (!isServiceError(error, 'bucket-missing', 'store-refused')) throw error;
  }
}

function idOf(key: string): string {
  return key.slice(uploadsPrefix.length).split('/', 1)[0] ?? '';
}

/** An upload knows until when it was promised, whatever the setting is now. */
async function isKept({ store, now }: Parts, id: string, signal: AbortSignal): Promise<boolean> {
  try {
    const upload = await readUpload(store, id, signal);
    return upload !== undefined && !hasExpired(upload, now());
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
