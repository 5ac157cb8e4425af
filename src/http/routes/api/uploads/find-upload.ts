import { ServiceError } from '../../../../errors.ts';
import type { ObjectStore } from '../../../../storage/object-store.ts';
import { readPresigned, type PresignedUpload } from '../../../../uploads/presigned-upload.ts';
import { hasExpired, readUpload, type StoredUpload } from '../../../../uploads/stored-upload.ts';
import type { Caller } from '../../../access/caller.ts';

export interface WantedUpload {
  id: string;
  caller: Caller;
}

/** Either one: an upload, or one whose parts are being sent. */
export type AnyUpload = { stored: StoredUpload; open?: never } | { stored?: never; open: PresignedUpload };

interface Parts {
  store: Pick<ObjectStore, 'read'>;
  now: () => Date;
}

/** Throws `not-found` without such an upload, and for one of another caller. */
export async function findAnyUpload(
  deps: Parts,
  { id, caller }: WantedUpload,
  signal: AbortSignal,
): Promise<AnyUpload> {
  function isFound<Found extends StoredUpload | PresignedUpload>(upload: Found | undefined): upload is Found {
    if (upload === undefined || hasExpired(upload, deps.now())) return false;
    return caller.admin || upload.caller === caller.name;
  }
  const stored = await readUpload(deps.store, id, signal);
  if (isFound(stored)) return { stored };
  const open = await readPresigned(deps.store, id, signal);
  if (isFound(open)) return { open };
  throw new ServiceError('not-found', 'there is no such upload');
}
