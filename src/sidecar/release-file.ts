import { lstat, unlink } from 'node:fs/promises';
import { identityOf, type FoundFile, isCode } from './result-file.ts';

const releasedFolder = 'done/';

export function isReleasable(path: string): boolean {
  return path.startsWith(releasedFolder);
}

/** Frees a stored file, unless the worker has put another in its place; answers whether it is gone. */
export async function releaseFile(file: FoundFile): Promise<boolean> {
  try {
    const now = await lstat(file.location, { bigint: true });
    if (identityOf(now) !== file.identity) return false;
    await unlink(file.location);
    return true;
  } catch (error) {
    if (isCode(error, 'ENOENT', 'EACCES', 'EPERM', 'EROFS', 'EBUSY')) return false;
    throw error;
  }
}
