import { hash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { messageOf, ServiceError } from '../errors.ts';
import { printableLine } from './printable.ts';

/** Where a file of the results comes to lie. */
export interface Target {
  path: string;
  /** In the same folder. Its name is made of path and content, so that it is never continued with another content. */
  temporary: string;
}

/**
 * Paths of results are made up by a worker: each must stay below the folder, also where a link of the same name is there already.
 */
export class ResultFolder {
  readonly #root: string;
  /** Folders that were looked at. */
  readonly #known = new Map<string, Promise<void>>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Makes the folders in which the file lies. Throws if the path leads out. */
  async place({ path, sha256 }: { path: string; sha256: string }): Promise<Target> {
    const segments = readSegments(path);
    let folder = this.#root;
    await this.#make(folder, () => mkdir(folder, { recursive: true }).then(() => undefined));
    for (const segment of segments.slice(0, -1)) {
      const inner = join(folder, segment);
      await this.#make(inner, () => makeFolder(inner));
      folder = inner;
    }
    const temporary = `.edc-jp-${hash('sha256', `${path}\n${sha256}`).slice(0, 32)}.part`;
    return { path: join(folder, segments.at(-1) ?? ''), temporary: join(folder, temporary) };
  }

  async #make(folder: string, make: () => Promise<void>): Promise<void> {
    const made = this.#known.get(folder) ?? make();
    this.#known.set(folder, made);
    await made;
  }
}

function readSegments(path: string): string[] {
  const segments = path.split('/');
  const leaves = segments.some((segment) => ['', '.', '..'].includes(segment) || foreign.test(segment));
  if (leaves)
    throw new ServiceError(
      'invalid-request',
      `"${printableLine(path)}": expected a path that stays in the folder; nothing was written for it`,
    );
  return segments;
}

/** No file name has a NUL. On Windows a backslash and a colon lead elsewhere too. */
const foreign = sep === '/' ? /\0/ : /[\0\\:]/;

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
    if ((await lstat(path)).isDirectory()) return;
    throw new ServiceError(
      'conflict',
      `${printableLine(path)}: expected a folder, found a file or a link, which is not followed`,
      { cause: error },
    );
  }
}

/** Never follows a link. */
export async function openTemporary(path: string): Promise<FileHandle> {
  // There is no such flag on Windows.
  const noFollow = (constants.O_NOFOLLOW as number | undefined) ?? 0;
  return await open(path, constants.O_RDWR | constants.O_CREAT | noFollow, 0o666);
}

/** Replaces what has this name, but for a folder. */
export async function publish({ temporary, path }: Target): Promise<void> {
  try {
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new ServiceError('conflict', `${printableLine(path)}: ${messageOf(error)}`, { cause: error });
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
