import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

const prefix = 'edc-job-provisioner-dev-';

export interface DevFolder extends AsyncDisposable {
  path: string;
}

/** Holds all that a `dev` keeps, for its user alone. */
export async function makeDevFolder(): Promise<DevFolder> {
  const path = await mkdtemp(join(tmpdir(), prefix));
  return { path, [Symbol.asyncDispose]: () => remove(path) };
}

/** That of a `dev` which was killed. Does nothing to any other folder, whatever was written down. */
export async function removeDevFolder({ environmentFile }: { environmentFile: string }): Promise<void> {
  const path = dirname(environmentFile);
  if (basename(path).startsWith(prefix)) await remove(path);
}

async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 5 });
}
