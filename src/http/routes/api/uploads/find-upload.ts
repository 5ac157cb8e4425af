import { ServiceError } from '../../../../errors.ts';
import type { ObjectStore } from '../../../../storage/object-store.ts';
import { hasExpired, readUpload, type StoredUpload } from '../../../../uploads/stored-upload.ts';
import type { Caller } from '../../../access/caller.ts';

export interface WantedUpload {
  id: string;
  caller: Caller;
}

/** Throws `not-found` without such an upload, and for one of another caller. */
export async function findUpload(
  { store, now }: { store: Pick<ObjectStore, 'read'>; now: () => Date },
  { id, caller }: WantedUpload,
  signal: AbortSignal,
): Promise<StoredUpload> {
  const upload = await readUpload(store, id, signal);
  const isOwn = caller.admin || upload?.caller === caller.name;
  if (upload !== undefined && isOwn && !hasExpired(upload, now())) return upload;
  throw new ServiceError('not-found', 'there is no such upload');
}
