import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

export interface FolderFile {
  /** Relative, may be nested. */
  path: string;
  data: Buffer;
  mode: number;
}

const current = '..data';

/**
 * Makes `folder` hold exactly these files. A reader sees all the old or all the new ones: they stand behind one
 * symbolic link, `..data`, which is replaced in one step, as a kubelet does it.
 */
export function replaceFiles(folder: string, files: FolderFile[]): void {
  mkdirSync(folder, { recursive: true });
  const version = `..${randomBytes(6).toString('hex')}`;
  mkdirSync(join(folder, version));
  for (const file of files) writeReadOnly(join(folder, version, file.path), file);
  const previous = currentVersion(folder);
  symlinkSync(version, join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, current));
  showNames(folder, new Set(files.map(({ path }) => path.split('/')[0] ?? path)));
  if (previous !== undefined) rmSync(join(folder, previous), { recursive: true, force: true });
}

// Kubernetes mounts these volumes read-only whatever their mode says; without mounts only the mode is left.
function writeReadOnly(path: string, { data, mode }: FolderFile): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, data);
  chmodSync(path, mode & 0o555);
}

function currentVersion(folder: string): string | undefined {
  try {
    return readlinkSync(join(folder, current));
  } catch {
    return undefined;
  }
}

function showNames(folder: string, names: Set<string>): void {
  const shown = readdirSync(folder).filter((name) => !name.startsWith('..'));
  for (const name of shown) if (!names.has(name)) rmSync(join(folder, name), { force: true });
  for (const name of names) {
    if (!shown.includes(name)) symlinkSync(join(current, name), join(folder, name));
  }
}
