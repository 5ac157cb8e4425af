import { accessSync, constants, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { basename, delimiter, isAbsolute, join } from 'node:path';

import type { LocalImage } from './images.ts';

/** The program cannot be started in this image. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

const usualFolders = ['/bin', '/sbin', '/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin'];

/** Makes a folder of links to the image's programs: the PATH of its containers. */
export function linkPrograms(image: LocalImage, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const program of new Set(image.programs)) {
    const found = programOnHost(program);
    if (found === undefined) continue;
    try {
      symlinkSync(found, join(folder, basename(program)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

export interface ProgramSearch {
  image: LocalImage;
  /** The folder `linkPrograms` made. */
  folder: string;
  /** Below it a pod may run what it wrote itself. */
  podFolder: string;
}

/** The file to start for `name`; throws `StartError` with the words of a container runtime. */
export function findProgram(name: string, { image, folder, podFolder }: ProgramSearch): string {
  if (name.startsWith(`${podFolder}/`)) return existing(name, name);
  const bare = basename(name);
  const inUsualPlace = name === bare || usualFolders.some((usual) => name === join(usual, bare));
  const offered = image.programs.some((program) => program === name || basename(program) === bare);
  if (!offered || !(inUsualPlace || image.programs.includes(name))) {
    const why = name === bare ? 'executable file not found in $PATH' : 'no such file or directory';
    throw new StartError(`exec: "${name}": ${why}: the image ${image.name} is mapped to ${listed(image)}`);
  }
  return existing(join(folder, bare), name);
}

function existing(file: string, name: string): string {
  if (isExecutable(file)) return file;
  throw new StartError(
    `exec: "${name}": executable file not found in $PATH: it is not installed on this machine`,
  );
}

function listed(image: LocalImage): string {
  return image.programs.length === 0 ? 'no programs' : `the programs ${image.programs.join(', ')}`;
}

function programOnHost(program: string): string | undefined {
  if (program === 'node') return process.execPath;
  if (isAbsolute(program)) return isExecutable(program) ? program : undefined;
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter(isAbsolute)
    .map((folder) => join(folder, program))
    .find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
