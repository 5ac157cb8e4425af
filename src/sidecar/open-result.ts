import { constants } from 'node:fs';
import { lstat, open, readlink, realpath, type FileHandle } from 'node:fs/promises';
import { sep } from 'node:path';
import type { FileSource } from '../storage/upload/upload-file.ts';
import { identityOf, type FoundFile, isCode, refused, unreadable } from './result-file.ts';

export interface OpenResult extends FileSource {
  /** Properties of the opened file, which may be newer than the scan. */
  identity: string;
  modifiedMillis: number;
  close(): Promise<void>;
}

/**
 * Opens a found file; undefined if it is gone. Between scan and open the worker may replace any folder by a symlink, and this process
 * can read what the worker must not (the store's keys): the opened file must lie in the results.
 */
export async function openResult(root: string, file: FoundFile): Promise<OpenResult | undefined> {
  const handle = await openFile(file);
  if (handle === undefined) return undefined;
  try {
    const stat = await handle.stat({ bigint: true });
    if (!stat.isFile()) throw refused(file.path, 'is not a file');
    if (!(await whereIs(handle, file)).startsWith(root + sep)) throw refused(file.path, 'leaves the results');
    const identity = identityOf(stat);
    return {
      identity,
      size: Number(stat.size),
      modifiedMillis: Number(stat.mtimeMs),
      async read(buffer, position) {
        return (await handle.read(buffer, 0, buffer.length, position)).bytesRead;
      },
      async isUnchanged() {
        return identityOf(await handle.stat({ bigint: true })) === identity;
      },
      close: async () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openFile(file: FoundFile): Promise<FileHandle | undefined> {
  try {
    // Not blocking: open() would not return for a named pipe in the file's place.
    return await open(file.location, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined;
    throw unreadable(file.path, await lstat(file.location, { bigint: true }).catch(() => undefined), error);
  }
}

/** The kernel's answer on Linux; elsewhere the path's, which may have changed. */
async function whereIs(handle: FileHandle, file: FoundFile): Promise<string> {
  if (process.platform !== 'linux') return realpath(file.location);
  return readlink(`/proc/self/fd/${handle.fd}`);
}
