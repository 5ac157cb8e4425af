import { mkdir, mkdtemp, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import type { ZipEntry } from './read-zip.ts';

/** Writes the files below `output/name`: all of them or, after an error or an abort, none. Returns the folder. */
export async function writeResultFolder(
  { output, name, entries }: { output: string; name: string; entries: readonly ZipEntry[] },
  signal: AbortSignal,
): Promise<string> {
  const created = await mkdir(output, { recursive: true });
  const partial = await mkdtemp(join(output, '.partial-'));
  try {
    for (const { path, content } of entries) {
      signal.throwIfAborted();
      const file = resolve(partial, path);
      if (!file.startsWith(partial + sep)) throw new Error(`${path} would be outside ${output}`);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
    }
    const folder = join(output, name);
    await rename(partial, folder);
    return folder;
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    if (created !== undefined) await removeEmpty(output, created);
    throw error;
  }
}

/** Removes the folders that were created for this run, unless they hold other files by now. */
async function removeEmpty(folder: string, first: string): Promise<void> {
  for (let path = folder; path.startsWith(first); path = dirname(path))
    await rmdir(path).catch(() => undefined);
}
