import { ServiceError } from '../errors.ts';
import { fileKey } from '../result/manifest.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { InboxOfFlow } from './received-file.ts';

/** More would make the end of a transfer slow: each has an object that describes it. */
const maxFiles = 1000;

/** How many bytes the file of this key may have: the flow's limit without its other files. Throws `payload-too-large` if there is no room. */
export async function roomFor(
  { store, limits }: { store: Pick<ObjectStore, 'list'>; limits: { maxBytes: number } },
  { inbox, key: own }: { inbox: InboxOfFlow; key: string },
  signal: AbortSignal,
): Promise<number> {
  let files = 0;
  let bytes = 0;
  for await (const { key, size } of store.list(fileKey(inbox.flow, inbox.attempt, ''), signal)) {
    if (key === own) continue;
    files += 1;
    bytes += size;
  }
  if (files < maxFiles) return Math.max(0, limits.maxBytes - bytes);
  throw new ServiceError('payload-too-large', `expected at most ${maxFiles} files for one flow`);
}
