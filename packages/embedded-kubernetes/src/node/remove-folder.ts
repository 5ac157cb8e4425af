import { chmodSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Removes a folder with whatever programs left in it, folders they made read-only included. What cannot be removed even
 * so stays: there is nobody to tell, and no reason to end.
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
