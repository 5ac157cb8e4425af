import { randomFillSync } from 'node:crypto';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Results {
  name: string;
  folder: string;
  paths: string[];
  files: number;
  bytes: number;
}

const blockBytes = 8 * 1024 * 1024;

/** Writes one file that no server can compress or store sparsely: copies of a random block that differ by a counter. */
export async function makeBigResult(folder: string, bytes: number): Promise<Results> {
  await mkdir(folder);
  const block = randomFillSync(Buffer.alloc(blockBytes));
  await using file = await open(join(folder, 'big.bin'), 'w');
  for (let written = 0; written < bytes; written += blockBytes) {
    for (let offset = 0; offset < blockBytes; offset += 4096)
      block.writeUInt32LE(written / blockBytes, offset);
    await file.write(block, 0, Math.min(blockBytes, bytes - written));
  }
  return { name: `one file of ${bytes / 1024 / 1024} MiB`, folder, paths: ['big.bin'], files: 1, bytes };
}

export async function makeSmallResults(folder: string, files: number, bytesEach: number): Promise<Results> {
  const paths: string[] = [];
  const content = Buffer.alloc(bytesEach);
  for (let index = 0; index < files; index += 1) {
    const group = `group-${Math.floor(index / 1000)}`;
    if (index % 1000 === 0) await mkdir(join(folder, group), { recursive: true });
    const path = `${group}/file-${index}.bin`;
    await writeFile(join(folder, path), randomFillSync(content));
    paths.push(path);
  }
  return {
    name: `${files} files of ${bytesEach / 1024} KiB`,
    folder,
    paths,
    files,
    bytes: files * bytesEach,
  };
}
