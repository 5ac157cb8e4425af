import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { Pod } from '../objects/pod.ts';
import { parseQuantity } from '../objects/quantity.ts';

/** The limits a pod's emptyDir volumes have, by name, as they are written. */
export function sizeLimits({ spec }: Pod): Map<string, string> {
  const limits = new Map<string, string>();
  for (const volume of spec.volumes ?? []) {
    const { sizeLimit } = (volume['emptyDir'] ?? {}) as { sizeLimit?: string };
    if (sizeLimit !== undefined) limits.set(volume.name, sizeLimit);
  }
  return limits;
}

/** A sentence about the first volume in `folder` that holds more than its limit, in the words of a kubelet. */
export async function exceededLimit(
  limits: Map<string, string>,
  folder: string,
): Promise<string | undefined> {
  for (const [name, limit] of limits) {
    if ((await sizeOf(join(folder, name))) > parseQuantity(limit)) {
      return `Usage of EmptyDir volume "${name}" exceeds the limit "${limit}". `;
    }
  }
  return undefined;
}

async function sizeOf(path: string): Promise<number> {
  // What vanishes while it is looked at takes no room.
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  let total = 0;
  for (const entry of entries) {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) total += await sizeOf(inner);
    else if (entry.isFile())
      total += await stat(inner).then(
        ({ blocks }) => blocks * 512,
        () => 0,
      );
  }
  return total;
}
