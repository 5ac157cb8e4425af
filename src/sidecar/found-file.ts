import type { BigIntStats } from 'node:fs';

/** A file of the worker's, as one look saw it. */
export interface FoundFile {
  /** Relative to the results, `/`-separated. */
  path: string;
  /** Where its bytes are: the target of a symlink, else the file itself. */
  location: string;
  /** Changes whenever the content may have changed. */
  identity: string;
  size: number;
  modifiedMillis: number;
}

/** Size, mtime, ctime and inode together: mtime alone can be set back, and a renamed file keeps its own. */
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
