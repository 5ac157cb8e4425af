import type { BigIntStats } from 'node:fs';
import { lstat, unlink } from 'node:fs/promises';
import { ServiceError } from '../errors.ts';

/** A file of the worker, as one scan saw it. */
export interface FoundFile {
  /** Relative to the results, `/`-separated. */
  path: string;
  /** The target of a symlink, else the file itself. */
  location: string;
  /** Changes whenever the content may have changed. */
  identity: string;
  size: number;
  modifiedMillis: number;
}

/** Size, mtime, ctime and inode: mtime alone can be set back, and a renamed file keeps it. */
export function identityOf(stat: BigIntStats): string {
  return `${stat.ino}-${stat.size}-${stat.mtimeNs}-${stat.ctimeNs}`;
}

export function foundFile(path: string, location: string, stat: BigIntStats): FoundFile {
  return {
    path,
    location,
    identity: identityOf(stat),
    size: Number(stat.size),
    modifiedMillis: Number(stat.mtimeMs),
  };
}

/** A result that no retry will make uploadable: the flow fails and names it. */
export function refused(path: string, why: string, cause?: unknown): ServiceError {
  return new ServiceError('forbidden', `${JSON.stringify(path)} ${why}`, { field: path, cause });
}

export function unreadable(path: string, stat: BigIntStats | undefined, cause: unknown): ServiceError {
  if (stat === undefined) return refused(path, 'cannot be read', cause);
  const mode = (Number(stat.mode) & 0o7777).toString(8).padStart(4, '0');
  return refused(path, `cannot be read: mode ${mode}, owner ${stat.uid}:${stat.gid}`, cause);
}

export function isCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? '');
}

const releasedFolder = 'done/';

export function isReleasable(path: string): boolean {
  return path.startsWith(releasedFolder);
}

/** Frees a stored file, unless the worker has replaced it. Returns whether it is gone. */
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
