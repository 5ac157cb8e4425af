import { chmodSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Removes a folder with everything that programs left in it, read-only folders included. Files that cannot be removed even then
 * stay, without an error: the node goes on without that space.
 */
export function removeFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    attempt(() => {
      makeWritable(folder);
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    });
  }
}

function makeWritable(folder: string): void {
  attempt(() => {
    chmodSync(folder, 0o700);
  });
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) makeWritable(join(folder, entry.name));
  }
}

function attempt(act: () => void): void {
  try {
    act();
  } catch {
    // As far as possible.
  }
}
