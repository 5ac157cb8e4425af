import type { BigIntStats, Dirent } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { ServiceError } from '../errors.ts';
import { workerProgressFile } from '../flow/progress.ts';
import { foundFile, type FoundFile, isCode, refused, unreadable } from './result-file.ts';

export interface Scan {
  files: FoundFile[];
  /** Results that cannot be uploaded. */
  refusals: ServiceError[];
}

interface Walk extends Scan {
  root: string;
  maxFiles: number;
}

/** Bounds the memory of a scan, of the journal and of the manifest. */
const maxFilesByDefault = 100_000;
const maxRefusals = 20;
const atOnce = 32;

/**
 * Scans all files below `root`, sorted by path. Symlinks to files inside are followed and uploaded as files. Symlinks to folders, to
 * nothing or out of the results are refused, as is anything that is neither file nor folder. What vanishes during the scan is left
 * out: the next scan decides. The worker's file `progress` is no result.
 */
export async function walkResults(root: string, maxFiles = maxFilesByDefault): Promise<Scan> {
  const walk: Walk = { root: await realpath(root), maxFiles, files: [], refusals: [] };
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    folders.push(...(await walkFolder(walk, folder)));
  }
  walk.files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { files: walk.files, refusals: walk.refusals };
}

/** Returns the folders below. */
async function walkFolder(walk: Walk, folder: string): Promise<string[]> {
  const entries = await readFolder(walk, folder);
  const below: string[] = [];
  for (let start = 0; start < entries.length; start += atOnce) {
    const batch = entries.slice(start, start + atOnce);
    await Promise.all(
      batch.map(async (entry) => {
        const path = nameOf(walk, folder, entry.name);
        if (path === undefined) return;
        if (entry.isDirectory()) below.push(path);
        else await scanEntry(walk, path);
      }),
    );
  }
  return below;
}

async function readFolder(walk: Walk, folder: string): Promise<Dirent<Buffer>[]> {
  const location = join(walk.root, folder);
  try {
    return await readdir(location, { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    if (folder !== '' && isCode(error, 'ENOENT', 'ENOTDIR')) return [];
    // The root folder of an ext4 volume holds this one, and only root may read it.
    if (folder === 'lost+found' && isCode(error, 'EACCES', 'EPERM')) return [];
    if (folder === '') throw error;
    refuse(walk, unreadable(folder, await statOrNothing(location), error));
    return [];
  }
}

/** Refuses a name that is not UTF-8: it could be listed but not opened, and the file would be missing silently. */
function nameOf(walk: Walk, folder: string, name: Buffer): string | undefined {
  const text = name.toString('utf8');
  const path = folder === '' ? text : `${folder}/${text}`;
  if (Buffer.from(text, 'utf8').equals(name)) return path;
  refuse(walk, refused(path, `has a name that is not UTF-8 (bytes ${name.toString('hex').slice(0, 100)})`));
  return undefined;
}

async function scanEntry(walk: Walk, path: string): Promise<void> {
  const location = join(walk.root, path);
  const entry = await statOrNothing(location);
  if (entry === undefined) return;
  if (entry.isSymbolicLink()) {
    await followLink(walk, path, location);
  } else if (entry.isFile()) {
    if (path === workerProgressFile) return;
    add(walk, foundFile(path, location, entry));
  } else if (!entry.isDirectory()) {
    refuse(walk, refused(path, `is ${kindOf(entry)}, not a file`));
  }
}

async function followLink(walk: Walk, path: string, link: string): Promise<void> {
  try {
    const location = await realpath(link);
    if (!location.startsWith(walk.root + sep)) {
      refuse(walk, refused(path, 'is a symlink that leaves the results'));
      return;
    }
    const target = await stat(location, { bigint: true });
    if (target.isFile()) add(walk, foundFile(path, location, target));
    else
      refuse(
        walk,
        refused(path, 'is a symlink to something other than a file; link to files, or copy the folder'),
      );
  } catch (error) {
    const why = isCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP') ? 'points at nothing' : 'cannot be followed';
    refuse(walk, refused(path, `is a symlink that ${why}`, error));
  }
}

function add(walk: Walk, file: FoundFile): void {
  if (walk.files.length >= walk.maxFiles) {
    throw new ServiceError(
      'payload-too-large',
      `the results hold more than ${walk.maxFiles} files; pack them into archives`,
    );
  }
  walk.files.push(file);
}

function refuse(walk: Walk, refusal: ServiceError): void {
  if (walk.refusals.length < maxRefusals) walk.refusals.push(refusal);
}

async function statOrNothing(location: string): Promise<BigIntStats | undefined> {
  return lstat(location, { bigint: true }).catch(() => undefined);
}

function kindOf(entry: BigIntStats): string {
  if (entry.isFIFO()) return 'a named pipe';
  if (entry.isSocket()) return 'a socket';
  return 'a device';
}
